import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, readlinkSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lastRestore } from '../../src/state/restore-records.js';
import { measureState } from '../../src/state/snapshot/measure.js';
import { dropBallastWhenShort, keepBallast } from '../../src/store/ballast.js';
import { fillDisk, smallFilesystem } from '../support/filesystem.js';
import { RESTORE } from '../support/launcher-restore-cases.js';
import {
  type Before,
  contentOf,
  lookBefore,
  makePair,
  NEW,
  type Pair,
  whatIsWrong,
} from '../support/pair.js';
import { temporaryDirectory } from '../support/place.js';

/** Equal file in both states, with an equal mode. */
const SAME = 'credentials/token';

const run = (...command: string[]) => void execFileSync(command[0] ?? '', command.slice(1));

function mount(...args: string[]): void {
  run('mount', ...args);
  onTestFinished(() => run('umount', args.at(-1) ?? ''));
}

function setFlag(flag: 'i' | 'a', path: string): void {
  run('chattr', `+${flag}`, path);
  onTestFinished(() => run('chattr', `-${flag}`, path));
}

function pairIn(directory: string): { pair: Pair; before: Before } {
  const pair = makePair(directory);
  chmodSync(join(pair.state, SAME), 0o640);
  return { pair, before: lookBefore(pair) };
}

/** Puts what `make` mounts or makes in the place of a directory, with the content that it has. */
function replaceDirectory(path: string, make: () => void): void {
  renameSync(path, `${path}.before`);
  mkdirSync(path);
  make();
  cpSync(`${path}.before`, path, { recursive: true });
  run('rm', '-r', `${path}.before`);
}

const filesystemAt = (path: string) =>
  replaceDirectory(path, () => mount('--bind', smallFilesystem(16), path));

const subvolumeAt = (path: string) =>
  replaceDirectory(path, () => run('sh', '-c', 'rmdir "$0" && btrfs -q subvolume create "$0"', path));

/** Runs `bin/restore`, as each start of a launcher does. */
async function start({ root }: Pair, ...as: string[]) {
  const program = join(root.bin, 'restore');
  mkdirSync(root.bin, { recursive: true });
  // Where another user finds it, too.
  cpSync(RESTORE, program);
  const [command = '', ...args] = [...as, process.execPath, program, root.path];
  const { exitCode, stderr } = await execa(command, args, { reject: false, cwd: '/' });
  return { exitCode, stderr };
}

const refusedIn = ({ root, state }: Pair) => measureState({ directory: state, config: null }, root).refused;

type Host = () => ReturnType<typeof pairIn>;

/** The state of a pair on an ordinary filesystem, changed by this. */
const changed =
  (change: (state: string) => void): Host =>
  () => {
    const made = pairIn(temporaryDirectory('exchange'));
    change(made.pair.state);
    return made;
  };

test.each<[string, Host]>([
  [
    'root and state in the lower layer of an overlay',
    () => {
      const disk = smallFilesystem(64);
      const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) =>
        join(disk, name),
      );
      const made = pairIn(String(merged));
      renameSync(String(merged), String(lower));
      for (const path of [upper, work, merged]) mkdirSync(String(path));
      mount(
        '-t',
        'overlay',
        'none',
        '-o',
        `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
        String(merged),
      );
      return made;
    },
  ],
  ['a filesystem of its own for the state', changed(filesystemAt)],
  [
    'a filesystem of its own for a part of the state',
    changed((state) => filesystemAt(join(state, 'agents/main'))),
  ],
  [
    'subvolumes of btrfs for the state and a part of it',
    () => {
      const disk = smallFilesystem(120, 'btrfs');
      const made = pairIn(join(disk, 'pair'));
      subvolumeAt(made.pair.state);
      subvolumeAt(join(made.pair.state, 'npm'));
      return made;
    },
  ],
  ['an immutable file that is the same in both', changed((state) => setFlag('i', join(state, SAME)))],
  [
    'a file that is mounted read-only and the same in both',
    changed((state) => {
      mount('--bind', join(state, SAME), join(state, SAME));
      run('mount', '-o', 'remount,bind,ro', join(state, SAME));
    }),
  ],
])('the state is exchanged with %s', async (_, host) => {
  const { pair, before } = host();
  expect(refusedIn(pair)).toEqual([]);
  const { exitCode, stderr } = await start(pair);
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/is back; the state/)]);
  expect(whatIsWrong(pair, before)).toEqual([]);
});

test.each<[string, RegExp, (state: string) => void]>([
  [
    'a file that only grows',
    /more" can be written but not replaced \(EPERM\)/,
    (state) => setFlag('a', join(state, 'credentials/more')),
  ],
  [
    'a directory that is immutable',
    /credentials\/\w+" can be written but not replaced/,
    (state) => setFlag('i', join(state, 'credentials')),
  ],
  [
    'a file that is mounted',
    /more" is mounted into the state directory/,
    (state) => mount('--bind', join(state, 'credentials/more'), join(state, 'credentials/more')),
  ],
])(
  '%s is refused before a change, and stops a restore before anything is moved',
  async (_, sentence, change) => {
    const { pair, before } = changed(change)();
    expect(refusedIn(pair).join('\n')).toMatch(sentence);
    const { exitCode, stderr } = await start(pair);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(sentence)]);
    expect(contentOf(pair.state, 'state')).toEqual(before.newState);
  },
);

test("another user's file below a sticky directory stops a restore before anything is moved", async () => {
  const directory = temporaryDirectory('exchange');
  const { pair, before } = pairIn(directory);
  run('chown', '-R', '65534:65534', directory);
  const shared = join(pair.state, 'credentials');
  run('chown', '0:0', shared, join(shared, 'more'));
  chmodSync(shared, 0o1777);
  chmodSync(join(shared, 'more'), 0o666);
  const { exitCode, stderr } = await start(
    pair,
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    '--',
  );
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/more" can be written but not replaced/)]);
  expect(contentOf(pair.state, 'state')).toMatchObject({
    ...before.newState,
    'credentials/more': '666 more',
  });
});

test('a file that becomes immutable with other content leaves the newer state whole, and starts its release', async () => {
  const { pair, before } = changed((state) => {
    appendFileSync(join(state, SAME), ', changed');
    setFlag('i', join(state, SAME));
  })();
  const newState = { ...before.newState, [SAME]: '640 secret, changed' };
  for (const expected of [1, 1, 0]) {
    const { exitCode, stderr } = await start(pair);
    expect([exitCode, stderr]).toEqual([
      expected,
      expect.stringMatching(/could not be exchanged: EPERM: .* It is as it was/),
    ]);
    expect(contentOf(pair.state, 'state')).toEqual(newState);
  }
  expect(basename(readlinkSync(pair.root.current))).toBe(NEW);
  expect(lastRestore(pair.root)).toMatchObject({ restored: false, aside: null });
  expect(existsSync(pair.root.restore)).toBe(false);
});

describe('on a disk that is full to the last byte', () => {
  const restore = ({ root }: Pair) =>
    execa(process.execPath, [RESTORE, root.path], { reject: false, cwd: '/' });

  test('a state is exchanged with the part of the reserve that no gateway was given', async () => {
    const disk = smallFilesystem(64);
    const { pair, before } = pairIn(disk);
    keepBallast(pair.root);
    fillDisk(disk);
    // As a change does, while the gateway takes what it can.
    dropBallastWhenShort(pair.root);
    fillDisk(disk);
    expect(await restore(pair)).toMatchObject({ exitCode: 0 });
    expect(whatIsWrong(pair, before)).toEqual([]);
  });

  test('without any reserve the release of the state is started at once, and not the other one tried for ever', async () => {
    const disk = smallFilesystem(64);
    const { pair, before } = pairIn(disk);
    fillDisk(disk);
    const { exitCode, stderr } = await restore(pair);
    expect(stderr).toContain(`${NEW}, which it belongs to, is started`);
    expect(exitCode).toBe(0);
    expect(basename(readlinkSync(pair.root.current))).toBe(NEW);
    expect(contentOf(pair.state, 'state')).toEqual(before.newState);
    expect(existsSync(pair.root.restore)).toBe(false);
  });
});
