import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { lastRestore } from '../../src/state/intent.js';
import { startTrial } from '../../src/store/switch.js';
import { lookBefore, makePair, NEW, type Pair, whatIsWrong } from '../support/pair.js';
import { removeDirectory, temporaryDirectory } from '../support/place.js';

const RESTORE = fileURLToPath(new URL('../../dist/restore.cjs', import.meta.url));

function restore({ root }: Pair, env: Record<string, string> = {}) {
  return execa(process.execPath, [RESTORE, root.path], { env, reject: false, timeout: 30_000 });
}

/** In the middle of a trial of the newer release, as an update that fails leaves it. */
function pairOnTrial(directory: string): Pair {
  const pair = makePair(directory);
  startTrial(pair.root, NEW);
  return pair;
}

/** Every moment that an exchange passes, in order; ` #2` is the second of a name. */
async function momentsOf(): Promise<string[]> {
  let directory = '';
  try {
    directory = temporaryDirectory('moments', () => {});
    const trace = join(directory, 'trace');
    await restore(pairOnTrial(directory), { OPENCLAW_RELEASES_FAULT_TRACE: trace });
    const points = readFileSync(trace, 'utf8').trim().split('\n');
    return points.map((point, index) => {
      const times = points.slice(0, index + 1).filter((other) => other === point).length;
      return times === 1 ? point : `${point} #${times}`;
    });
  } finally {
    removeDirectory(directory);
  }
}

const MOMENTS = await momentsOf();

test('an exchange passes the moments that matter, in an order that can be finished', () => {
  const without = MOMENTS.filter((point) => !/^(before|after) move/.test(point));
  expect(without.filter((point) => point.startsWith('before'))).toEqual([
    'before write restore.json',
    'before sync',
    'before write set-aside',
    'before write restore.json #2',
    'before sync #2',
    'before rename used up',
    'before link current',
    'before remove trial',
    'before write last-restore.json',
    'before remove restore.json',
  ]);
  expect(MOMENTS.filter((point) => point.startsWith('before move')).length).toBeGreaterThanOrEqual(15);
});

describe('an exchange that is killed is finished by the next run', () => {
  test.each(MOMENTS)('%s', async (moment) => {
    const pair = pairOnTrial(temporaryDirectory('killed'));
    const before = lookBefore(pair);
    const { signal } = await restore(pair, { OPENCLAW_RELEASES_FAULT: `kill ${moment}` });
    expect(signal).toBe('SIGKILL');
    const { exitCode, stderr } = await restore(pair);
    expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('could not')]);
    expect(whatIsWrong(pair, before)).toEqual([]);
    expect(existsSync(pair.root.trial)).toBe(false);
    expect(lastRestore(pair.root)?.restored).toBe(true);
  });
});

describe('an exchange that fails is finished by the next run', () => {
  const moves = MOMENTS.filter((point) => point.startsWith('before move'));
  test.each([
    'ENOSPC before write restore.json',
    'EIO after write restore.json',
    'ENOSPC before move',
    `EIO ${moves[2]}`,
    `ENOSPC ${moves.at(-2)}`,
    `EIO ${moves.at(-1)}`,
    'EIO before sync',
    'ENOSPC before write set-aside',
    'ENOSPC before write restore.json #2',
    'EIO before sync #2',
    'EIO before rename used up',
    'ENOSPC before link current',
    'EIO before remove trial',
    'EIO before write last-restore.json',
    'EIO before remove restore.json',
  ])('%s', async (fault) => {
    const pair = pairOnTrial(temporaryDirectory('fails'));
    const before = lookBefore(pair);
    const failed = await restore(pair, { OPENCLAW_RELEASES_FAULT: fault });
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toMatch(/^openclaw-releases: The state could not be exchanged: \w+: .*\.$/);
    expect((await restore(pair)).exitCode).toBe(0);
    expect(whatIsWrong(pair, before)).toEqual([]);
  });

  test('and one that only has no room to tell what it did is done', async () => {
    const pair = pairOnTrial(temporaryDirectory('fails'));
    const before = lookBefore(pair);
    const done = await restore(pair, { OPENCLAW_RELEASES_FAULT: 'ENOSPC before write last-restore.json' });
    expect(done.exitCode).toBe(0);
    expect(done.stderr).toContain('last-restore.json could not be written: the disk is full.');
    expect(whatIsWrong(pair, before)).toEqual([]);
  });
});
