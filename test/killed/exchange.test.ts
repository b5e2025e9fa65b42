import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { lastRestore } from '../../src/state/restore-records.js';
import { startTrial } from '../../src/store/links.js';
import { contentOf, lookBefore, makePair, NEW, type Pair, SNAPSHOT, whatIsWrong } from '../support/pair.js';
import { removeDirectory, temporaryDirectory } from '../support/place.js';
import { inTurn, numbered } from './moments.js';

const RESTORE = fileURLToPath(new URL('../../dist/restore.cjs', import.meta.url));

function restore({ root }: Pair, env: Record<string, string> = {}) {
  return execa(process.execPath, [RESTORE, root.path], { env, reject: false, timeout: 30_000 });
}

/** Makes a trial of the newer release, as a failing update leaves it. */
function pairOnTrial(directory: string): Pair {
  const pair = makePair(directory);
  startTrial(pair.root, NEW);
  return pair;
}

/** Lists every moment that an exchange passes, in order. */
async function momentsOfExchange(): Promise<string[]> {
  let directory = '';
  try {
    directory = temporaryDirectory('moments', () => {});
    const trace = join(directory, 'trace');
    await restore(pairOnTrial(directory), { OPENCLAW_RELEASES_FAULT_TRACE: trace });
    return numbered(readFileSync(trace, 'utf8').trim().split('\n'));
  } finally {
    removeDirectory(directory);
  }
}

const MOMENTS = await momentsOfExchange();

/** Runs of the lane kill it at some moments each; the lane `torture` cuts the power at them. */
const KILLS = 6;

test('an exchange passes the moments that matter, in an order that can be finished', () => {
  const without = MOMENTS.filter((point) => !/^(before|after) move/.test(point));
  expect(without.filter((point) => point.startsWith('before'))).toEqual([
    'before write restore.json',
    'before sync',
    'before write displaced',
    'before write restore.json #2',
    'before sync #2',
    'before rename used up',
    'before link current',
    'before remove trial',
    'before write restore-result.json',
    'before remove restore.json',
  ]);
  expect(MOMENTS.filter((point) => point.startsWith('before move')).length).toBeGreaterThanOrEqual(15);
});

test.each(inTurn(MOMENTS, KILLS))(
  'an exchange that is killed %s is finished by the next run',
  async (moment) => {
    const pair = pairOnTrial(temporaryDirectory('killed'));
    const before = lookBefore(pair);
    const { signal } = await restore(pair, { OPENCLAW_RELEASES_FAULT: `kill ${moment}` });
    expect(signal).toBe('SIGKILL');
    const { exitCode, stderr } = await restore(pair);
    expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('could not')]);
    expect(whatIsWrong(pair, before)).toEqual([]);
    expect(existsSync(pair.root.trial)).toBe(false);
    expect(lastRestore(pair.root)?.restored).toBe(true);
  },
);

/** Moments at which an exchange loses no more than its report. */
const ONLY_REPORT = /write restore-result\.json$/;
/** A used-up request loses its record where it cannot be moved away. */
const NEEDLESS = 'before rename used up';

test.each(MOMENTS.filter((moment) => !ONLY_REPORT.test(moment) && moment !== NEEDLESS))(
  'an exchange that fails %s reports it, and the next run finishes it',
  async (moment) => {
    const pair = pairOnTrial(temporaryDirectory('fails'));
    const before = lookBefore(pair);
    const effect = moment.includes('write') ? 'ENOSPC' : 'EIO';
    const failed = await restore(pair, { OPENCLAW_RELEASES_FAULT: `${effect} ${moment}` });
    // What a file was replaced by is there already.
    if (moment.startsWith('after move') && failed.exitCode === 0)
      return expect(whatIsWrong(pair, before)).toEqual([]);
    // What cannot be counted would be tried for ever.
    if (moment.endsWith('write restore.json')) {
      expect(failed.exitCode).toBe(0);
      expect(failed.stderr).toContain(`It is as it was, and ${NEW}, which it belongs to, is started.`);
      expect(contentOf(pair.state, 'state')).toEqual(before.newState);
      return expect(readdirSync(pair.root.states)).toEqual([SNAPSHOT]);
    }
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toMatch(/^openclaw-releases: The state could not be exchanged: \w+: .*\.$/);
    expect((await restore(pair)).exitCode).toBe(0);
    expect(whatIsWrong(pair, before)).toEqual([]);
  },
);

test.each(MOMENTS.filter((moment) => ONLY_REPORT.test(moment)))(
  'an exchange without room for its report alone (ENOSPC %s) is done',
  async (moment) => {
    const pair = pairOnTrial(temporaryDirectory('fails'));
    const before = lookBefore(pair);
    const done = await restore(pair, { OPENCLAW_RELEASES_FAULT: `ENOSPC ${moment}` });
    expect(done.exitCode).toBe(0);
    expect(done.stderr).toContain('restore-result.json could not be written: the disk is full.');
    expect(whatIsWrong(pair, before)).toEqual([]);
  },
);
