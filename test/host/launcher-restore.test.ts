import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, expect, test } from 'vitest';
import { cancelRestore, prepareReturn } from '../../src/state/restore-records.js';
import { startTrial } from '../../src/store/links.js';
import { describeRestoringLauncher, makeLaunchedPair } from '../support/launcher-restore-cases.js';
import { type Before, contentOf, lookBefore, NEW, OLD, type Pair, whatIsWrong } from '../support/pair.js';
import { temporaryDirectory } from '../support/place.js';
import { SHELLS } from '../support/shells.js';
import { slowness } from '../support/slowness.js';

const started = (id: string) => `release=${id}`;

let directory: string;
let pair: Pair;
let before: Before;

beforeEach(() => {
  ({ directory, pair } = makeLaunchedPair('launcher restore'));
  before = lookBefore(pair);
});

for (const shell of SHELLS) describeRestoringLauncher(shell);

test('directories that their owner has closed to changes are moved like any other', async () => {
  const closed = [join(pair.state, 'npm'), join(pair.state, 'agents/main')];
  for (const path of closed) chmodSync(path, 0o500);
  before = lookBefore(pair);
  execFileSync('chown', ['-R', '65534:65534', directory]);
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--', process.execPath];
  const { exitCode, stderr } = await execa(
    'setpriv',
    [...nobody, join(pair.root.bin, 'restore'), pair.root.path],
    // A directory that this user may not enter.
    { reject: false, cwd: temporaryDirectory('closed') },
  );
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/is back; the state/)]);
  expect(whatIsWrong(pair, before)).toEqual([]);
  expect(before.newState).toMatchObject({ 'npm/': '500', 'agents/main/': '500' });
});

test('a directory of another user stops the exchange before anything is moved', async () => {
  execFileSync('chown', ['-R', '65534:65534', directory]);
  execFileSync('chown', ['0:0', join(pair.state, 'tasks')]);
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--', process.execPath];
  const { exitCode, stderr } = await execa(
    'setpriv',
    [...nobody, join(pair.root.bin, 'restore'), pair.root.path],
    {
      reject: false,
    },
  );
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringMatching(/tasks" belongs to another user \(0\), and cannot be moved\.$/),
  ]);
  expect(contentOf(pair.state, 'state')).toEqual(before.newState);
});

test('a file that is mounted into the state stops it, too, and is named', async () => {
  const config = join(pair.state, 'openclaw.json');
  const script = `mount --bind ${JSON.stringify(config)} ${JSON.stringify(config)} && exec "$@"`;
  const run = [process.execPath, join(pair.root.bin, 'restore'), pair.root.path];
  const { exitCode, stderr } = await execa('unshare', ['--mount', 'sh', '-c', script, '-', ...run], {
    reject: false,
  });
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringMatching(/openclaw\.json" is mounted into the state directory/),
  ]);
  expect(contentOf(pair.state, 'state')).toEqual(before.newState);
});

/** Does something right before the Nth command of a launcher, functions and subshells included; fewer do nothing. */
const BEFORE_COMMAND = `
set -T
commands=0
before_each() {
  commands=$((commands + 1))
  [ "$commands" -eq "$NTH" ] && mkdir "$FIRED" 2>/dev/null && sh -c "$MEANWHILE"
  return 0
}
trap before_each DEBUG
. "$0"
`;

test.each([
  ['asks for its state and points back', true],
  ['has asked for its state and not yet pointed back', false],
])(
  'no release gets the state of another one, at any moment when a rollback %s',
  // A launcher is started anew for each of its commands.
  { timeout: 300_000 * slowness },
  async (_, pointsBack) => {
    const outcomes: Record<string, number> = {};
    for (let nth = 1; ; nth++) {
      const { directory, pair } = makeLaunchedPair('launcher meanwhile');
      const { root, state, restore } = pair;
      const before = lookBefore({ root, state, restore });
      cancelRestore(root);
      prepareReturn(root, restore);
      startTrial(root, NEW);
      const fired = join(directory, 'fired');
      const back =
        'ln -s "releases/$OLD" "$ROOT/.back" && mv -T "$ROOT/.back" "$ROOT/current" && rm "$ROOT/trial"';
      const { stdout, exitCode } = await execa(
        'bash',
        ['--posix', '-c', BEFORE_COMMAND, join(root.bin, 'gateway')],
        {
          env: {
            ...{ NTH: String(nth), FIRED: fired, ROOT: root.path, OLD },
            MEANWHILE: [
              'mv "$ROOT/trial-restore.json" "$ROOT/restore.json"',
              ...(pointsBack ? [back] : []),
            ].join(' && '),
          },
          reject: false,
        },
      );
      if (!existsSync(fired)) break;
      expect([nth, exitCode]).toEqual([nth, 0]);
      if (stdout === started(OLD))
        expect(whatIsWrong({ root, state, restore }, before), `command ${nth}`).toEqual([]);
      else expect([nth, stdout, contentOf(state, 'state')]).toEqual([nth, started(NEW), before.newState]);
      outcomes[stdout] = (outcomes[stdout] ?? 0) + 1;
    }
    expect(outcomes).toEqual({ [started(OLD)]: expect.any(Number), [started(NEW)]: expect.any(Number) });
  },
);
