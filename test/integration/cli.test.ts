import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { EXIT } from '../../src/core/errors.js';
import { atEndOfAll } from '../support/at-end.js';
import { temporaryDirectory } from '../support/place.js';
import { CLI, makeWorld, QUICK, type World } from '../support/world.js';

function cli(args: string[], env: Record<string, string> = {}) {
  const root = join(temporaryDirectory('cli'), 'root');
  return execa(process.execPath, [CLI, ...args], {
    env: { OPENCLAW_RELEASES_ROOT: root, ...env },
    reject: false,
    stdin: 'ignore',
  });
}

test.each([[['list']], [['status']], [['history']]])(
  '%j works before a root exists, and creates nothing',
  async (args) => {
    const root = join(temporaryDirectory('cli'), 'root');
    const { stdout, exitCode } = await cli([...args, '--json'], { OPENCLAW_RELEASES_ROOT: root });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    expect([exitCode, existsSync(root)]).toEqual([0, false]);
  },
);

test.each([
  [['verify'], 'no_current'],
  [['rollback'], 'no_previous'],
  [['run'], 'no_current'],
  [['show', '2026.6.1'], 'release_not_found'],
  [['switch', '2026.6.1'], 'release_not_found'],
])('%j on an empty root names the next command', async (args, code) => {
  const { stdout, exitCode } = await cli([...args, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    error: { code, hint: expect.stringContaining('openclaw-releases') },
  });
  expect(exitCode).toBe(EXIT.refused);
});

test('the program without a command shows the help, and an unknown command is a usage error', async () => {
  expect((await cli([])).stdout).toContain('Exit codes:');
  const { stderr, exitCode } = await cli(['install']);
  expect(stderr).toMatch(
    /error: .*install.*\[usage\]\n {2}Nothing was changed.\n {2}next: openclaw-releases --help$/s,
  );
  expect(exitCode).toBe(EXIT.usage);
});

const atEnd = atEndOfAll();
let world: World;

test('a dry run prints the plan and changes nothing', async () => {
  world = await makeWorld(atEnd);
  world.publish('2026.6.1');
  world.publish('2026.6.5');
  await world.start('2026.6.1');
  const { changes } = await world.ok('history');
  const dry = await world.ok('update', '--dry-run');
  expect(dry).toMatchObject({
    dryRun: true,
    from: '2026.6.1',
    to: '2026.6.5',
    plan: { steps: expect.arrayContaining(['switch', 'verify']) },
  });
  expect(await world.ok('prune', '--dry-run')).toMatchObject({
    remove: [],
    keep: [{ id: '2026.6.1', reason: 'current' }],
  });
  await world.ok('stage', '2026.6.5');
  await world.ok('switch', '2026.6.5', ...QUICK);
  expect(await world.ok('rollback', '--dry-run')).toMatchObject({
    from: '2026.6.5',
    to: '2026.6.1',
  });
  expect((await world.ok('history')).changes).toHaveLength(changes.length + 2);
  expect(await world.version()).toBe('2026.6.5');
});

test('prune keeps what runs, is current or pinned; a release that was never started is not previous', async () => {
  const versions = ['2026.6.6', '2026.6.7', '2026.6.8'];
  for (const version of versions) {
    world.publish(version);
    await world.ok('stage', version);
  }
  await world.ok('switch', '2026.6.6', '--no-restart');
  await world.ok('switch', '2026.6.7', '--no-restart');
  await world.ok('pin', '2026.6.8');
  expect((await world.ok('prune', '--keep', '0')).keep).toEqual([
    { id: '2026.6.5', reason: 'previous' },
    { id: '2026.6.7', reason: 'current' },
    { id: '2026.6.8', reason: 'pinned' },
  ]);
  expect((await world.ok('list')).releases.map(({ id }: { id: string }) => id)).toEqual([
    '2026.6.5',
    '2026.6.7',
    '2026.6.8',
  ]);
});

test('a command without a terminal prints one plain line a step, apart from the answer', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  const { stdout, stderr } = await execa(process.execPath, [CLI, 'stage', '2026.6.1'], {
    env: world.env,
    extendEnv: false,
  });
  expect(stdout.split('\n')).toEqual([
    '2026.6.1 is staged. [staged]',
    'Its signature was not checked: it has none, or none by a known key.',
    'Install scripts not run: tiny-dep.',
    expect.stringMatching(/^Next: openclaw-releases --root \S+ switch 2026\.6\.1/),
  ]);
  // A step that takes longer than ten seconds has a line every ten seconds.
  const steps = new Set(stderr.split('\n').map((line) => line.slice(2, 22).trim()));
  expect([...steps]).toEqual([
    'Look up the version',
    'Check the room',
    'Download and install',
    'Try it out',
    'Seal',
  ]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});

test('a reader that leaves before the output is written causes no error', async () => {
  const child = cli(['--help']);
  child.stdout.destroy();
  const { exitCode, stderr } = await child;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});

test('the built command is executable', () => {
  expect(statSync(CLI).mode & 0o111).not.toBe(0);
});
