import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../src/host/port.js';
import { openclawPackage } from '../registry/gateway-package.js';
import { writeTarball } from '../registry/registry.js';
import { atEndOfAll } from '../support/at-end.js';
import { replaceBy } from '../support/damage.js';
import { nameKeys } from '../support/name-keys.js';
import { temporaryDirectory, until } from '../support/place.js';
import { type Answer, CLI, makeWorld, QUICK, type World } from '../support/world.js';

/** Number of a user that no machine has. */
const NO_ACCOUNT = 4_123_456;

const FIRST = '2026.6.1';

const atEnd = atEndOfAll();
let world: World;
let before: ReturnType<typeof look>;
let published = 1;

/** One world for all tests, in which the first release is current and no gateway runs until a test starts one. */
beforeAll(async () => {
  world = await makeWorld(atEnd);
  await nameKeys(world.registry, join(world.root, 'registry-keys.json'));
  world.publish(FIRST);
  await world.ok('stage', FIRST);
  await world.ok('switch', FIRST, '--no-restart');
});

beforeEach(() => {
  before = look(world);
});

afterEach(() => world.registry.clearFaults());

function nextVersion(): string {
  return `2026.6.${++published}`;
}

function publish(): string {
  const version = nextVersion();
  world.publish(version);
  return version;
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

const expectUnchanged = () => expect(look(world)).toEqual(before);

function expectRefusal(answer: Answer, code: string, exitCode: number): void {
  expect(answer.json, answer.stderr).toMatchObject({
    ok: false,
    error: { code, hint: expect.stringMatching(/\S/) },
  });
  expect(answer.exitCode).toBe(exitCode);
}

test.each([
  ['2099.1.1', 'version_not_found', 3],
  ['../2026.6.1', 'spec_invalid', 2],
  ['', 'spec_invalid', 2],
])('stage %j is refused with %s, and nothing changes', async (spec, code, exitCode) => {
  expectRefusal(await world.cli('stage', spec), code, exitCode);
  expectUnchanged();
});

test('switch refuses what is no name of a release', async () => {
  expectRefusal(await world.cli('switch', '../../etc', '--no-restart'), 'release_id_invalid', 2);
  expectUnchanged();
});

test('stage fails without a network, and a staged release still works', async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}/`;
  expectRefusal(await world.cli('stage', publish(), '--registry', nowhere), 'registry_unreachable', 4);
  expectUnchanged();
  await world.ok('stage', FIRST, '--registry', nowhere);
});

test('an archive that is not what the registry promised is refused', async () => {
  const version = publish();
  world.registry.fault({ kind: 'wrong-integrity', match: new RegExp(`openclaw-${version}\\.tgz`) });
  expectRefusal(await world.cli('stage', version), 'integrity_mismatch', 4);
  expectUnchanged();
});

test('a signature that does not fit is refused', async () => {
  const version = publish();
  world.registry.fault({ kind: 'wrong-signature' });
  expectRefusal(await world.cli('stage', version), 'signature_invalid', 4);
  expectUnchanged();
});

test('an absent signature is reported, and a verified one is recorded', async () => {
  const version = nextVersion();
  world.registry.publish(openclawPackage(version), { sign: false });
  const { notes } = await world.ok('stage', version);
  expect(notes).toContain('The registry has no signature of it.');
  expect(await world.ok('show', version)).toMatchObject({ signature: 'absent' });
  expect(await world.ok('show', FIRST)).toMatchObject({ signature: 'verified' });
});

test('a transfer that breaks off leaves nothing, and the next attempt works', async () => {
  const version = publish();
  world.registry.fault({ kind: 'cut-off', match: /\.tgz$/ });
  const broken = await world.cli('stage', version);
  expect(broken.exitCode).toBe(4);
  expect(broken.json.error.hint).toMatch(/\S/);
  expectUnchanged();
  world.registry.clearFaults();
  await world.ok('stage', version);
});

test('a truncated archive is refused', async () => {
  const archive = join(world.path, 'truncated.tgz');
  await writeTarball(openclawPackage(nextVersion()), archive, { truncateTo: 0.5 });
  expectRefusal(await world.cli('stage', `file:${archive}`), 'archive_invalid', 4);
  expectUnchanged();
});

test('a directory without a manifest is not a release, and prune removes it', async () => {
  const version = publish();
  mkdirSync(join(world.root, 'releases', version, 'node_modules'), { recursive: true });
  expectRefusal(await world.cli('switch', version, '--no-restart'), 'release_unsealed', 3);
  expectRefusal(await world.cli('stage', version), 'release_unsealed', 3);
  expect(await world.ok('list')).toMatchObject({ unsealed: [version] });
  await world.ok('prune');
  await world.ok('stage', version);
});

test('verify names an edited file inside a release', async () => {
  const version = publish();
  await world.ok('stage', version);
  const edited = 'node_modules/openclaw/openclaw.mjs';
  const path = join(world.root, 'releases', version, edited);
  chmodSync(path, 0o644);
  writeFileSync(path, '// edited');
  const answer = await world.cli('verify', version);
  expectRefusal(answer, 'release_damaged', 7);
  expect(answer.json.differences).toEqual([{ path: edited, kind: 'changed' }]);
});

test('verify names a pipe, a link and a lost list, each with the kind, and ends with 7', async () => {
  const version = publish();
  await world.ok('stage', version);
  const release = join(world.root, 'releases', version);
  replaceBy(join(release, 'package-lock.json'), 'a pipe');
  replaceBy(join(release, 'node_modules/openclaw/package.json'), 'a link to an endless device');
  const answer = await world.cli('verify', version);
  expectRefusal(answer, 'release_damaged', 7);
  expect(answer.json.differences).toEqual([
    { path: 'node_modules/openclaw/package.json', kind: 'replaced', by: 'link' },
    { path: 'package-lock.json', kind: 'replaced', by: 'pipe' },
  ]);
  const { stdout } = await execa(process.execPath, [CLI, 'verify', version], {
    env: world.env,
    extendEnv: false,
    reject: false,
  });
  expect(stdout).toContain('replaced by a pipe  package-lock.json\n');
  replaceBy(join(release, 'files.sha256'), 'a directory');
  const without = await world.cli('verify', version);
  expectRefusal(without, 'release_damaged', 7);
  expect(without.json.differences).toEqual([
    { path: 'files.sha256', kind: 'replaced', by: 'directory' },
    { path: '.', kind: 'changed' },
  ]);
});

test('a second change is refused, and names who holds the lock, since when and why', async () => {
  const version = publish();
  const stamp = join(world.path, 'stages');
  const first = world.begin(['stage', version], {
    OPENCLAW_RELEASES_FAULT: 'hang before stage',
    OPENCLAW_RELEASES_FAULT_STAMP: stamp,
  });
  await until('the first change stages', () => existsSync(stamp));
  const second = await world.cli('prune');
  expectRefusal(second, 'locked', 3);
  expect(second.json.error.message).toMatch(
    new RegExp(
      `process \\d+ since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d .*: stage ${version.replaceAll('.', '\\.')}`,
    ),
  );
  rmSync(stamp);
  expect((await first.ended).exitCode).toBe(0);
  expect(look(world).releases).toContain(version);
});

test('stage refuses to leave less room on the disk than is set, before the first download', async () => {
  const version = publish();
  await world.ok('retention', '--leave-free', '1000TiB');
  const archives = () => world.registry.requests.filter((request) => request.endsWith('.tgz')).length;
  const asked = archives();
  expectRefusal(await world.cli('stage', version), 'insufficient_space', 3);
  expect(archives()).toBe(asked);
  expectUnchanged();
  await world.ok('retention', '--defaults');
});

test('a root that cannot be written is refused', async () => {
  // Procfs: not even root makes directories there.
  const root = '/sys/openclaw-releases';
  expectRefusal(await world.cli('stage', FIRST, '--root', root), 'root_unwritable', 3);
});

test('a root of another user is refused; to the superuser, where that user has no account', async () => {
  const superuser = process.getuid?.() === 0;
  const theirs = superuser ? temporaryDirectory('theirs') : '/usr';
  if (superuser) chownSync(theirs, NO_ACCOUNT, NO_ACCOUNT);
  expectRefusal(await world.cli('stage', FIRST, '--root', theirs), 'root_not_owned', 3);
});

test('a switch is refused while the state waits to be restored', async () => {
  const pending = join(world.root, 'restore.json');
  writeFileSync(pending, '{}');
  expectRefusal(await world.cli('switch', FIRST, '--no-restart'), 'restore_pending', 3);
  rmSync(pending);
  expectUnchanged();
});

test('an update without a supervisor is refused before anything is fetched', async () => {
  publish();
  const asked = world.registry.requests.length;
  expectRefusal(await world.cli('update', ...QUICK), 'supervisor_not_found', 3);
  expect(world.registry.requests).toHaveLength(asked);
  expectUnchanged();
});

test('a tag neither leaves a pinned release nor leads to an older one', async () => {
  await world.supervise();
  await world.ok('pin', 'current');
  const version = publish();
  expectRefusal(await world.cli('update', ...QUICK), 'release_pinned', 3);
  await world.ok('update', version, ...QUICK);
  world.publish('2026.5.1');
  expectRefusal(await world.cli('update', ...QUICK), 'downgrade', 3);
});
