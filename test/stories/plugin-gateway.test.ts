import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFailed, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { METHODS } from '../../src/rpc/methods.js';
import { rootAt } from '../../src/store/root.js';
import { until } from '../support/place.js';
import { callMethod, loading, makePluginWorld, saidByPlugins, TOKEN } from '../support/plugin-world.js';
import { CLI, makeWorld } from '../support/world.js';

const OLD = '2026.5.28';
const NEW = '2026.6.1';
const BUILT = fileURLToPath(new URL('../../dist/plugin', import.meta.url));

test('the requester of an update is told once, by the version that comes up', async () => {
  const world = await makePluginWorld(OLD, NEW);
  await world.start(OLD);
  const sessionKey = 'agent:main:main';
  const { ok, payload } = await callMethod(world, 'releases.update', {
    ...{ target: NEW, sessionKey, note: 'as agreed', skipDeferral: true },
  });
  expect([ok, payload.status]).toEqual([true, 'accepted']);
  const told = async () => (await saidByPlugins(world).catch(() => null))?.said ?? [];
  await until('it is told', async () => (await told()).length > 0, 40_000);
  expect(await world.version()).toBe(NEW);
  expect(await told()).toEqual([{ sessionKey, text: expect.stringMatching(/verified.*as agreed/s) }]);

  const { payload: status } = await callMethod(world, 'releases.status', {}, ['operator.read']);
  expect(status).toMatchObject({ status: 'package_updated_restart_verified', delivered: true });

  // A process that comes later has nothing left to tell.
  await world.ok('rollback', '--settle', '0.5');
  expect(await told()).toEqual([]);
  const last = async () => (await saidByPlugins(world)).events.at(-1);
  const ended = async () => (await last())?.payload.status === 'package_updated_restart_verified';
  await until('clients are told of its end', ended, 20_000);
  expect(await last()).toMatchObject({
    name: 'progress',
    payload: { kind: 'rollback', status: 'package_updated_restart_verified' },
  });
});

test('a change whose process was killed is recovered, although nobody asks for its status', async () => {
  const world = await makePluginWorld(OLD, NEW);
  await world.start(OLD);
  const sessionKey = 'agent:main:main';
  await callMethod(world, 'releases.update', { target: NEW, sessionKey, restartDelayMs: 600_000 });
  const root = rootAt(world.root);
  const change = () => listChanges(root).at(-1);
  await until('it counts down', () => typeof change()?.facts.idle?.restartAt === 'string', 40_000);
  process.kill(change()?.owner.pid ?? 0, 'SIGKILL');
  await until('it has its end', () => change()?.endedAt !== null, 40_000);
  expect(change()).toMatchObject({ status: 'package_update_failed', recovery: { outcome: 'undone' } });
  const told = async () => (await saidByPlugins(world)).said;
  await until('the requester is told', async () => (await told()).length > 0);
  expect(await told()).toMatchObject([{ sessionKey }]);
  expect(await world.version()).toBe(OLD);
});

test('a client that may only read reads and changes nothing, and an error keeps its code and the next command', async () => {
  const world = await makePluginWorld(OLD);
  const supervisor = await world.start(OLD);
  onTestFailed(() => console.error(supervisor.stderr()));
  const reader = ['operator.read'];
  const { payload } = await callMethod(world, 'releases.list', {}, reader);
  expect(payload.releases).toMatchObject([{ id: OLD, stateCompatibility: 'yes' }]);
  for (const [name, { scope }] of Object.entries(METHODS)) {
    if (scope === 'operator.read' || !name.startsWith('releases.')) continue;
    expect((await callMethod(world, name, {}, reader)).error.message, name).toBe(`missing scope: ${scope}`);
  }
  expect((await callMethod(world, 'releases.pin', { release: '1.2.3' })).error).toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/^release_not_found: /),
    details: { code: 'release_not_found', hint: expect.any(String) },
  });

  const url = `${world.url}/releases/api`;
  const bearer = { authorization: `Bearer ${TOKEN}` };
  const page = { 'x-openclaw-releases': 'page', 'content-type': 'application/json' };
  const status = async (path: string, headers: Record<string, string>, method = 'GET') => {
    const body = method === 'POST' ? '{"release":"2026.5.28"}' : null;
    return (await fetch(`${url}/${path}`, { method, headers, body })).status;
  };
  expect(await status('picture', {})).toBe(401);
  expect(await status('picture', { authorization: 'Bearer wrong' })).toBe(401);
  expect(await status(`picture?token=${TOKEN}`, {})).toBe(401);
  expect(await status('picture', bearer), 'as an image of another site could').toBe(403);
  expect(await status('picture', { ...bearer, ...page })).toBe(200);
  expect(await status('pin', { ...bearer, ...page })).toBe(400);
  expect(await status('pin', bearer, 'POST'), 'as a form of another site could').toBe(403);
  const narrow = { ...bearer, ...page, 'x-openclaw-scopes': 'operator.read' };
  expect(await status('pin', narrow, 'POST')).toBe(403);
  expect(await status('picture', narrow)).toBe(200);
  expect(await status('nonsense', { ...bearer, ...page })).toBe(400);
  expect((await world.ok('list')).releases[0].marks).not.toContain('pinned');
  expect(await status('pin', { ...bearer, ...page }, 'POST')).toBe(200);
  expect((await world.ok('list')).releases[0].marks).toContain('pinned');
});

test('files that hold requests are their owner’s alone', async () => {
  const world = await makePluginWorld(OLD);
  await world.start(OLD);
  await callMethod(world, 'releases.update', { target: OLD, sessionKey: 'agent:main:main' });
  for (const directory of ['changes', 'requests']) {
    expect(statSync(join(world.root, directory)).mode & 0o077, directory).toBe(0);
    for (const name of readdirSync(join(world.root, directory))) {
      expect(statSync(join(world.root, directory, name)).mode & 0o077, name).toBe(0);
    }
  }
});

test('the copy in the root works from there, reports that our command is gone, and finds it where it comes back', async () => {
  const world = await makeWorld();
  loading(world, join(world.root, 'plugin'));
  world.publish(OLD);
  await world.start(OLD);
  expect((await callMethod(world, 'releases.list')).payload.releases).toMatchObject([{ id: OLD }]);

  const command = join(world.root, 'plugin/command');
  writeFileSync(command, '/nowhere/main.js\n');
  expect(await callMethod(world, 'releases.list')).toMatchObject({
    ok: false,
    error: {
      details: { message: '/nowhere/main.js is not there any more.', untouched: 'Nothing was begun.' },
    },
  });
  await world.ok('recover');
  expect(readFileSync(command, 'utf8')).toBe(`${CLI}\n`);
  expect((await callMethod(world, 'releases.list')).ok).toBe(true);
});

test('the installed plugin is one file that has everything, and nothing that OpenClaw refuses', () => {
  expect(readdirSync(BUILT).sort()).toEqual([
    'index.js',
    'openclaw.plugin.json',
    'package.json',
    'page.json',
    'skills',
  ]);
  const code = readFileSync(join(BUILT, 'index.js'), 'utf8');
  const imported = [...code.matchAll(/(?:^|[;}\n])import[\w{},*$\s]*?(?:from)?\s*"([^"]+)"/g)].map(
    ([, name]) => name,
  );
  expect(imported).toContain('node:child_process');
  expect(imported.filter((name) => !name?.startsWith('node:'))).toEqual([]);
  expect(/\bimport\s*\(/.test(code)).toBe(false);
  // The rules of 2026.5.28 and 2026.6.1 for what is dangerous.
  const dangerous =
    /(?<!\.)\bexec\s*\(|\b(?:execSync|spawn|spawnSync|execFile|execFileSync|eval|fetch)\s*\(|new\s+Function\s*\(/;
  expect(dangerous.exec(code)?.[0]).toBeUndefined();
  expect(code.length).toBeLessThan(400_000);
});
