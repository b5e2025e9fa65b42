import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeEach, describe, expect, test } from 'vitest';
import { replaceSymlinkDurably } from '../../src/host/durable.js';
import { cancelRestore, lastRestore, prepareReturn } from '../../src/state/restore-records.js';
import { startTrial } from '../../src/store/links.js';
import type { Shell } from './launcher-cases.js';
import {
  ASIDE,
  type Before,
  contentOf,
  lookBefore,
  makePair,
  NEW,
  OLD,
  type Pair,
  SNAPSHOT,
  whatIsWrong,
} from './pair.js';
import { temporaryDirectory } from './place.js';

const GATEWAY = fileURLToPath(new URL('../../layout/bin/gateway', import.meta.url));
export const RESTORE = fileURLToPath(new URL('../../dist/restore.cjs', import.meta.url));
const ANOTHER_BOOT = '01234567-89ab-cdef-0123-456789abcdef';

const started = (id: string) => `release=${id}`;

/** A pair in a directory of the test, with the programs that put its state back. */
export function makeLaunchedPair(name: string): { directory: string; pair: Pair } {
  const directory = temporaryDirectory(name);
  const pair = makePair(directory);
  mkdirSync(pair.root.bin, { recursive: true });
  for (const [from, file] of [
    [GATEWAY, 'gateway'],
    [RESTORE, 'restore'],
  ] as const) {
    copyFileSync(from, join(pair.root.bin, file));
    chmodSync(join(pair.root.bin, file), 0o755);
  }
  return { directory, pair };
}

/** Every promise of the launcher about the state, under one shell. */
export function describeRestoringLauncher(shell: Shell): void {
  describe(`the launcher under ${shell.name}`, () => {
    let directory: string;
    let pair: Pair;
    let before: Before;

    beforeEach(() => {
      ({ directory, pair } = makeLaunchedPair('launcher restore'));
      before = lookBefore(pair);
    });

    const launch = async (env: Record<string, string> = {}) => {
      const args = [...shell.flags, join(pair.root.bin, 'gateway')];
      const { exitCode, stdout, stderr } = await execa(shell.program, args, {
        env,
        reject: false,
        timeout: 30_000,
      });
      return { exitCode, stdout, stderr };
    };
    const current = () => readlinkSync(pair.root.current);

    /** Leaves the state of an update whose trial nobody decides: its restore is prepared only. */
    function onTrial(trial: string): void {
      cancelRestore(pair.root);
      prepareReturn(pair.root, pair.restore);
      writeFileSync(pair.root.trial, trial);
    }

    function expectPair(): void {
      expect(whatIsWrong(pair, before)).toEqual([]);
      expect([existsSync(pair.root.trial), existsSync(pair.root.return)]).toEqual([false, false]);
    }

    test('restores the state before it starts anything', async () => {
      const { exitCode, stdout, stderr } = await launch();
      expect([exitCode, stdout]).toEqual([0, started(OLD)]);
      expect(stderr).toBe(
        [
          `openclaw-releases: The state of ${OLD} is back; the state of ${NEW} is kept as ${ASIDE}.`,
          `openclaw-releases: starting ${OLD}, which is current, after its state was restored`,
        ].join('\n'),
      );
      expectPair();
    });

    test.each([
      ['is used up', `${NEW} 0\n`],
      ['is of another boot of the machine', `${NEW} 3 ${ANOTHER_BOOT}\n`],
      ['is corrupt', 'zeros'],
    ])('rolls back code and state when the trial %s', async (_, trial) => {
      onTrial(trial);
      const { exitCode, stdout, stderr } = await launch();
      expect([exitCode, stdout]).toEqual([0, started(OLD)]);
      expect(stderr).toMatch(new RegExp(`the trial of ${NEW} ended without a verdict; went back to ${OLD}$`));
      expectPair();
    });

    test('rolls back code and state when the release on trial cannot be started', async () => {
      onTrial(`${NEW} 2\n`);
      rmSync(join(pair.root.releases, NEW, 'node'));
      expect((await launch()).stdout).toBe(started(OLD));
      expectPair();
    });

    test('leaves the state alone while the trial continues', async () => {
      onTrial(`${NEW} 2\n`);
      expect((await launch()).stdout).toBe(started(NEW));
      expect(contentOf(pair.state, 'state')).toEqual(before.newState);
      expect([existsSync(pair.root.return), existsSync(pair.root.restore)]).toEqual([true, false]);
    });

    test('rolls back the code alone when there is no snapshot of the state', async () => {
      cancelRestore(pair.root);
      writeFileSync(pair.root.trial, `${NEW} 0\n`);
      expect((await launch()).stdout).toBe(started(OLD));
      expect(contentOf(pair.state, 'state')).toEqual(before.newState);
    });

    test('finishes a rollback that lost power half way, and then rolls back from it', async () => {
      const half = await execa(process.execPath, [RESTORE, pair.root.path], {
        env: { OPENCLAW_RELEASES_FAULT: 'kill after move #3' },
        reject: false,
      });
      expect(half.signal).toBe('SIGKILL');
      replaceSymlinkDurably(pair.root.previous, `releases/${NEW}`);
      replaceSymlinkDurably(pair.root.current, `releases/${OLD}`);
      const aside = { name: 'old-again', release: OLD };
      prepareReturn(pair.root, { ...pair.restore, release: NEW, from: ASIDE, aside });
      writeFileSync(pair.root.trial, `${OLD} 3 ${ANOTHER_BOOT}\n`);

      expect((await launch()).stdout).toBe(started(NEW));
      expect(current()).toBe(`releases/${NEW}`);
      expect(contentOf(pair.state, 'state')).toEqual(before.newState);
      expect(contentOf(join(pair.root.states, 'old-again/files'))).toEqual(before.oldState);
      expect(existsSync(pair.root.trial)).toBe(false);
    });

    test('lets the trial of the release whose state it restores begin', async () => {
      replaceSymlinkDurably(pair.root.previous, `releases/${NEW}`);
      replaceSymlinkDurably(pair.root.current, `releases/${OLD}`);
      startTrial(pair.root, OLD);
      expect((await launch()).stdout).toBe(started(OLD));
      expect(readFileSync(pair.root.trial, 'utf8')).toMatch(new RegExp(`^${OLD} 2 `));
      expect(whatIsWrong(pair, before)).toEqual([]);
    });

    test.each([
      [
        'a file of the snapshot was changed',
        () => writeFileSync(join(pair.root.states, SNAPSHOT, 'files/tasks/runs.sqlite'), ''),
      ],
      ['the request is corrupt', () => writeFileSync(pair.root.restore, '')],
      [
        'the request is a link to nothing',
        () => {
          rmSync(pair.root.restore);
          symlinkSync('nothing', pair.root.restore);
        },
      ],
      ['the restore program is missing', () => rmSync(join(pair.root.bin, 'restore'))],
      ['the restore program ends without restoring', () => writeFileSync(join(pair.root.bin, 'restore'), '')],
    ])('starts nothing and exits 69, each time, when %s', async (_, spoil) => {
      spoil();
      for (let start = 0; start < 2; start++) {
        const { exitCode, stdout, stderr } = await launch();
        expect([exitCode, stdout]).toEqual([69, '']);
        expect(stderr).toMatch(/could not be put back, so no gateway is started; look at .*restore\.json$/);
      }
      expect(contentOf(pair.state, 'state')).toEqual(before.newState);
      expect(current()).toBe(`releases/${NEW}`);
    });

    test('starts nothing when no release has a Node to restore with', async () => {
      for (const id of [OLD, NEW]) rmSync(join(pair.root.releases, id, 'node'));
      expect((await launch()).exitCode).toBe(69);
      expect(existsSync(pair.root.restore)).toBe(true);
    });

    test('restores with the Node of previous when current has none', async () => {
      rmSync(join(pair.root.releases, NEW, 'node'));
      expect((await launch()).stdout).toBe(started(OLD));
      expectPair();
    });

    test('starts the gateway alone when there is nothing to restore', async () => {
      cancelRestore(pair.root);
      const mark = join(directory, 'restore was run');
      writeFileSync(
        join(pair.root.bin, 'restore'),
        `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`,
      );
      const stderr = `openclaw-releases: starting ${NEW}, which is current`;
      expect(await launch()).toEqual({ exitCode: 0, stdout: started(NEW), stderr });
      expect(existsSync(mark)).toBe(false);
      expect(lastRestore(pair.root)).toBeNull();
    });

    test.each(['module', 'commonjs'])('restores in any package around the root: %s', async (type) => {
      writeFileSync(join(directory, 'package.json'), JSON.stringify({ type }));
      const options = { NODE_OPTIONS: '--require /no/such/file' };
      expect((await launch(options)).stderr).toMatch(/is back; the state/);
      expectPair();
    });
  });
}
