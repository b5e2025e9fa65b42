import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../src/host/port.js';
import { openclawPackage } from '../registry/gateway-package.js';
import { writeTarball } from '../registry/registry.js';
import { canMount, remountReadOnly, smallFilesystem } from '../support/filesystem.js';
import { until } from '../support/place.js';
import { type Answer, makeWorld, QUICK, type World } from '../support/world.js';

/** A world in which 2026.6.1 is current, and what its root looks like. */
async function settledWorld() {
  const world = await makeWorld();
  world.publish('2026.6.1');
  await world.ok('stage', '2026.6.1');
  await world.ok('switch', '2026.6.1', '--no-restart');
  const before = look(world);
  return { world, unchanged: () => expect(look(world)).toEqual(before) };
}

function look({ root }: World) {
  const names = (directory: string) => readdirSync(join(root, directory));
  return {
    releases: names('releases'),
    runtimes: names('runtimes'),
    staging: names('staging'),
    current: readlinkSync(join(root, 'current')),
    trial: existsSync(join(root, 'trial')),
    lock: readdirSync(root).includes('lock'),
  };
}

function expectRefusal(answer: Answer, code: string, exitCode: number): void {
  expect(answer.json, answer.stderr).toMatchObject({
    ok: false,
    error: { code, hint: expect.stringMatching(/\S/) },
  });
  expect(answer.exitCode).toBe(exitCode);
}

test.each([
  ['2099.1.1', 'version_not_found', 3],
  ['no-such-tag', 'version_not_found', 3],
  ['../2026.6.1', 'spec_invalid', 2],
  ['https://example.invalid/openclaw.tgz', 'spec_invalid', 2],
  ['git+ssh://example.invalid/openclaw', 'spec_invalid', 2],
  ['^2026.6.0', 'spec_invalid', 2],
  ['other-package@1.0.0', 'spec_invalid', 2],
  ['', 'spec_invalid', 2],
])('stage %j is refused with %s, and nothing changes', async (spec, code, exitCode) => {
  const { world, unchanged } = await settledWorld();
  expectRefusal(await world.cli('stage', spec), code, exitCode);
  unchanged();
});

test.each(['../../etc', '..', '', 'a/b'])('switch %j is refused as no name of a release', async (name) => {
  const { world, unchanged } = await settledWorld();
  expectRefusal(await world.cli('switch', name, '--no-restart'), 'release_id_invalid', 2);
  unchanged();
});

test('without a network nothing is staged, and what is here can still be used', async () => {
  const { world, unchanged } = await settledWorld();
  const nowhere = `http://127.0.0.1:${await freePort()}/`;
  expectRefusal(await world.cli('stage', '2026.6.5', '--registry', nowhere), 'registry_unreachable', 4);
  unchanged();
  await world.ok('stage', '2026.6.1', '--registry', nowhere);
});

test('an archive that is not what the registry promised is refused', async () => {
  const { world, unchanged } = await settledWorld();
  world.publish('2026.6.5');
  world.registry.fault({ kind: 'wrong-integrity', match: /openclaw-2026\.6\.5\.tgz/ });
  expectRefusal(await world.cli('stage', '2026.6.5'), 'integrity_mismatch', 4);
  unchanged();
});

test('a signature that does not fit is refused', async () => {
  const { world, unchanged } = await settledWorld();
  world.publish('2026.6.5');
  world.registry.fault({ kind: 'wrong-signature' });
  expectRefusal(await world.cli('stage', '2026.6.5'), 'signature_invalid', 4);
  unchanged();
});

test('an absent signature is reported, and a verified one is recorded', async () => {
  const { world } = await settledWorld();
  world.registry.publish(openclawPackage('2026.6.5'), { sign: false });
  expect(await world.ok('stage', '2026.6.5')).toMatchObject({ facts: { resolved: { signature: 'absent' } } });
  expect(await world.ok('show', '2026.6.5')).toMatchObject({ signature: 'absent' });
  expect(await world.ok('show', '2026.6.1')).toMatchObject({ signature: 'verified' });
});

test('a transfer that breaks off leaves nothing, and the next try works', async () => {
  const { world, unchanged } = await settledWorld();
  world.publish('2026.6.5');
  world.registry.fault({ kind: 'cut-off', match: /\.tgz$/ });
  const broken = await world.cli('stage', '2026.6.5');
  expect(broken.exitCode).toBe(4);
  expect(broken.json.error.hint).toMatch(/\S/);
  unchanged();
  world.registry.clearFaults();
  await world.ok('stage', '2026.6.5');
});

test('a truncated archive is refused', async () => {
  const { world, unchanged } = await settledWorld();
  const archive = join(world.path, 'truncated.tgz');
  await writeTarball(openclawPackage('2026.6.5'), archive, { truncateTo: 0.5 });
  expectRefusal(await world.cli('stage', `file:${archive}`), 'archive_invalid', 4);
  unchanged();
});

test('a directory without a manifest is not a release, and prune removes it', async () => {
  const { world } = await settledWorld();
  world.publish('2026.6.5');
  mkdirSync(join(world.root, 'releases/2026.6.5/node_modules'), { recursive: true });
  expectRefusal(await world.cli('switch', '2026.6.5', '--no-restart'), 'release_unsealed', 3);
  expectRefusal(await world.cli('stage', '2026.6.5'), 'release_unsealed', 3);
  expect(await world.ok('list')).toMatchObject({ unsealed: ['2026.6.5'] });
  await world.ok('prune');
  await world.ok('stage', '2026.6.5');
});

test('an edited file inside a release is named', async () => {
  const { world } = await settledWorld();
  const edited = 'node_modules/openclaw/openclaw.mjs';
  const path = join(world.root, 'releases/2026.6.1', edited);
  chmodSync(path, 0o644);
  writeFileSync(path, '// edited');
  const answer = await world.cli('verify', '2026.6.1');
  expectRefusal(answer, 'release_damaged', 7);
  expect(answer.json.differences).toEqual([{ path: edited, kind: 'changed' }]);
});

test('a second change while one runs is told who holds the lock, since when, doing what', async () => {
  const { world, unchanged } = await settledWorld();
  world.publish('2026.6.5');
  world.registry.fault({ kind: 'slow', match: /openclaw-2026\.6\.5\.tgz/, delayMs: 5_000 });
  const first = world.cli('stage', '2026.6.5');
  await until('the first one stages', async () => (await world.ok('status')).running?.step === 'stage');
  const second = await world.cli('prune');
  expectRefusal(second, 'locked', 3);
  expect(second.json.error.message).toMatch(/process \d+ since \d{4}-\d\d-\d\dT.*: stage 2026\.6\.5/);
  expect((await first).exitCode).toBe(0);
  expect(unchanged).toThrow();
});

test('an update without a supervisor is refused before anything is fetched', async () => {
  const { world, unchanged } = await settledWorld();
  world.publish('2026.6.5');
  const asked = world.registry.requests.length;
  expectRefusal(await world.cli('update', ...QUICK), 'supervisor_not_found', 3);
  expect(world.registry.requests).toHaveLength(asked);
  unchanged();
});

test('a pinned release is only left for a version that is named', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.5');
  await world.start('2026.6.1');
  await world.ok('pin', 'current');
  expectRefusal(await world.cli('update', ...QUICK), 'release_pinned', 3);
  await world.ok('update', '2026.6.5', ...QUICK);
});

test('an older release is not taken by a tag', async () => {
  const world = await makeWorld();
  world.publish('2026.6.5');
  await world.start('2026.6.5');
  world.publish('2026.6.1');
  expectRefusal(await world.cli('update', ...QUICK), 'downgrade', 3);
});

test.runIf(canMount())('too little disk is refused before the first download', async () => {
  const { world } = await settledWorld();
  const root = join(smallFilesystem(40), 'root');
  const asked = world.registry.requests.filter((request) => request.includes('.tgz')).length;
  expectRefusal(await world.cli('stage', '2026.6.1', '--root', root), 'insufficient_space', 3);
  expect(world.registry.requests.filter((request) => request.includes('.tgz'))).toHaveLength(asked);
  expect(readdirSync(join(root, 'releases'))).toEqual([]);
});

test.runIf(canMount())('a root that cannot be written is refused', async () => {
  const { world } = await settledWorld();
  const disk = smallFilesystem(8);
  remountReadOnly(disk);
  expectRefusal(await world.cli('stage', '2026.6.1', '--root', join(disk, 'root')), 'root_unwritable', 3);
});

test.runIf(canMount())('a root of another user is refused, even for the superuser', async () => {
  const { world } = await settledWorld();
  chownSync(world.root, 65534, 65534);
  expectRefusal(await world.cli('stage', '2026.6.5'), 'root_not_owned', 3);
  chownSync(world.root, 0, 0);
});
