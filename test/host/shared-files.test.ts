import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { openclawPackage } from '../registry/gateway-package.js';
import { writtenTo } from '../support/disk-number.js';
import { smallFilesystem } from '../support/filesystem.js';
import { ORDINARY, ordinaryUser } from '../support/ordinary-user.js';
import { temporaryDirectory } from '../support/place.js';
import { makeWorld, type World } from '../support/world.js';

const OLD = '2026.6.1';
const NEW = '2026.7.1';
const MIB = 2 ** 20;
const PAYLOAD = 'node_modules/payload/payload.txt';
const TOOL = 'node_modules/tool/run.js';

/** A dependency of two MiB, and one with a program. */
function publishDependencies({ registry }: World): void {
  const files = { 'payload.txt': randomBytes(MIB).toString('hex') };
  for (const [name, more, rest] of [
    ['payload', files, {}],
    ['tool', { 'run.js': '#!/usr/bin/env node\n' }, { bin: 'run.js' }],
  ] as const) {
    const manifest = JSON.stringify({ name, version: '1.0.0', ...rest });
    registry.publish({ name, version: '1.0.0', files: { 'package.json': manifest, ...more } });
  }
}

const dependencies = { payload: '1.0.0', tool: '1.0.0' };

function publishWithScript(world: World, version: string, script: string): void {
  const pkg = openclawPackage(version, { dependencies });
  const manifest = JSON.parse(String(pkg.files['package.json']));
  manifest.scripts.postinstall = `${manifest.scripts.postinstall ?? 'true'} && ${script}`;
  world.registry.publish({ ...pkg, files: { ...pkg.files, 'package.json': JSON.stringify(manifest) } });
}

type User = 'root' | 'an ordinary user';

/** A world on a disk of its own, and the command as one user. */
async function worldOf(user: User, disk: string) {
  const world = await makeWorld(undefined, { rootIn: () => join(disk, 'root') });
  publishDependencies(world);
  world.publish(OLD, { dependencies });
  const { command, checkout } = user === 'root' ? { command: [], checkout: null } : ordinaryUser();
  if (checkout) {
    chmodSync(dirname(disk), 0o755);
    execFileSync('chown', ['-R', `${ORDINARY}:${ORDINARY}`, disk, world.path]);
  }
  const run = async (...args: string[]) => {
    if (!checkout) return world.cli(...args);
    const [file = '', ...rest] = [...command, world.node, join(checkout, 'dist/cli/main.cjs'), ...args];
    const options = { cwd: '/', env: world.env, extendEnv: false, reject: false } as const;
    const { exitCode = -1, stdout } = await execa(file, [...rest, '--json'], options);
    return { exitCode, json: JSON.parse(stdout) };
  };
  const at = (release: string, path: string) => join(world.root, 'releases', release, path);
  return { world, run, at };
}

test('what a kept release has is not written before it is shared', async () => {
  const disk = smallFilesystem(2_000);
  const world = await makeWorld(undefined, { rootIn: () => join(disk, 'root') });
  const files = { 'large.txt': randomBytes(16 * MIB).toString('hex') };
  const manifest = JSON.stringify({ name: 'large', version: '1.0.0' });
  world.registry.publish({ name: 'large', version: '1.0.0', files: { 'package.json': manifest, ...files } });
  const written: number[] = [];
  for (const version of [OLD, NEW]) {
    world.publish(version, { dependencies: { large: '1.0.0' } });
    const before = writtenTo(disk);
    await world.ok('stage', version);
    execFileSync('sync', ['-f', disk]);
    written.push((writtenTo(disk) - before) / MIB);
  }
  expect(written[0], 'the counter counts').toBeGreaterThan(32);
  expect(written[1]).toBeLessThan(16);
});

describe.each<User>(['root', 'an ordinary user'])('on ext4, for %s,', (user) => {
  test('releases share the files of dependencies; damage names each of them, and every repair makes a new file', async () => {
    const { run, at, world } = await worldOf(user, smallFilesystem(2_000));
    expect((await run('stage', OLD)).exitCode).toBe(0);
    world.publish(NEW, { dependencies });
    expect((await run('stage', NEW)).exitCode).toBe(0);
    const inode = (release: string, path: string) => lstatSync(at(release, path)).ino;
    expect(inode(NEW, PAYLOAD)).toBe(inode(OLD, PAYLOAD));
    expect(inode(NEW, TOOL)).toBe(inode(OLD, TOOL));
    expect(inode(NEW, 'node_modules/openclaw/package.json')).not.toBe(
      inode(OLD, 'node_modules/openclaw/package.json'),
    );
    const { releases } = (await run('list')).json;
    expect(releases[0].sharedBytes).toBe(0);
    expect(releases[1].sharedBytes).toBeGreaterThan(2 * MIB);
    expect(releases[1].addedBytes).toBeLessThan(releases[0].addedBytes - 2 * MIB + 8_192);
    for (const release of [OLD, NEW]) expect((await run('verify', release)).exitCode).toBe(0);

    chmodSync(at(OLD, PAYLOAD), 0o644);
    appendFileSync(at(OLD, PAYLOAD), 'edited');
    const changed = { differences: [{ path: PAYLOAD, kind: 'changed' }] };
    expect((await run('verify', OLD)).json).toMatchObject({ ...changed, sharedWith: [NEW] });
    expect((await run('verify', NEW)).json).toMatchObject({ ...changed, sharedWith: [OLD] });
    const { damaged } = (await run('scrub')).json;
    expect(damaged.map(({ name }: { name: string }) => name).sort()).toEqual(
      [OLD, NEW].map((release) => `releases/${release}`),
    );

    expect((await run('stage', OLD)).exitCode).toBe(0);
    expect((await run('verify', OLD)).json).toMatchObject({ ok: true, sharedWith: [] });
    expect(readFileSync(at(NEW, PAYLOAD), 'utf8')).toMatch(/edited$/);
    expect((await run('verify', NEW)).json).toMatchObject({ ...changed, sharedWith: [] });
    expect((await run('stage', NEW)).exitCode).toBe(0);
    expect((await run('verify', NEW)).json).toMatchObject({ ok: true });
    expect(lstatSync(at(NEW, 'node_modules/tool/package.json')).nlink).toBe(2);
    expect((await run('prune', '--keep', '1')).json).toMatchObject({ remove: [{ id: OLD, shares: true }] });
    expect((await run('verify', NEW)).json).toMatchObject({ ok: true });
    expect(lstatSync(at(NEW, 'node_modules/tool/package.json')).nlink).toBe(1);
  });

  test('an install script may write to each dependency, and no kept release changes', async () => {
    const { run, at, world } = await worldOf(user, smallFilesystem(2_000));
    expect((await run('stage', OLD)).exitCode).toBe(0);
    const patches =
      'echo patched >> ../payload/payload.txt; chmod +w ../tool/package.json && echo >> ../tool/package.json';
    publishWithScript(world, NEW, patches);
    expect((await run('stage', NEW)).exitCode).toBe(0);
    expect(readFileSync(at(NEW, PAYLOAD), 'utf8')).toMatch(/patched\n$/);
    expect(lstatSync(at(NEW, TOOL)).nlink).toBe(2);
    expect(readdirSync(at(NEW, 'node_modules/.bin'))).toEqual(readdirSync(at(OLD, 'node_modules/.bin')));
    for (const release of [OLD, NEW]) expect((await run('verify', release)).json).toMatchObject({ ok: true });
  });
});

test('nothing is shared where the policy says so, and what was shared stays', async () => {
  const { world, run, at } = await worldOf('root', smallFilesystem(2_000));
  const names = (release: string) => lstatSync(at(release, PAYLOAD)).nlink;
  await run('stage', OLD);
  for (const [share, version, expected] of [
    ['none', '2026.6.2', 1],
    ['reflink', '2026.6.3', 1],
    ['auto', '2026.6.4', 2],
  ] as const) {
    expect((await run('retention', '--share', share)).json.retention).toMatchObject({ share });
    world.publish(version, { dependencies });
    expect((await run('stage', version)).exitCode).toBe(0);
    expect([share, names(version)]).toEqual([share, expected]);
  }
});

test('a release of the lower layer of a container shares nothing that differs, and is as it was', async () => {
  const disk = smallFilesystem(2_000);
  const [lower, upper, work] = ['lower', 'upper', 'work'].map((name) => join(disk, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [lower, upper, work]) mkdirSync(path);
  const first = await worldOf('root', lower);
  expect((await first.run('stage', OLD)).exitCode).toBe(0);
  const merged = temporaryDirectory('merged');
  execFileSync('mount', [
    ...['-t', 'overlay', 'overlay'],
    ...['-o', `lowerdir=${lower},upperdir=${upper},workdir=${work}`, merged],
  ]);
  try {
    const root = join(merged, 'root');
    const run = async (...args: string[]) => {
      const { ended } = first.world.begin(args, { OPENCLAW_RELEASES_ROOT: root });
      return ended;
    };
    first.world.publish(NEW, { dependencies });
    expect((await run('stage', NEW)).exitCode).toBe(0);
    for (const release of [OLD, NEW]) expect((await run('verify', release)).json).toMatchObject({ ok: true });
    expect((await first.run('verify', OLD)).json).toMatchObject({ ok: true });
  } finally {
    execFileSync('umount', [merged]);
  }
});
