import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { remountReadOnly, smallFilesystem } from '../support/filesystem.js';
import { CLI, makeWorld, type World } from '../support/world.js';

const VERSION = '2026.6.1';

async function worldOn(disk: string): Promise<World> {
  const world = await makeWorld(undefined, { rootIn: () => join(disk, 'root'), seeded: false });
  world.publish(VERSION);
  return world;
}

function remount(mountPoint: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, mountPoint]);
}

const archives = ({ registry }: World) => registry.requests.filter((request) => request.endsWith('.tgz'));

test('hosts-18 a root on a filesystem with noexec is refused before the first download, and by every start', async () => {
  const disk = smallFilesystem(1_500);
  const world = await worldOn(disk);
  remount(disk, 'noexec');
  const refused = {
    exitCode: 3,
    json: { error: { code: 'root_noexec', message: expect.stringContaining('noexec') } },
  };
  expect(await world.cli('stage', VERSION)).toMatchObject(refused);
  expect(archives(world)).toEqual([]);
  expect(readdirSync(join(world.root, 'releases'))).toEqual([]);
  expect(readdirSync(join(world.root, 'runtimes'))).toEqual([]);

  remount(disk, 'exec');
  await world.ok('stage', VERSION);
  await world.ok('switch', VERSION, '--no-restart');
  remount(disk, 'noexec');
  expect(await world.cli('switch', VERSION, '--no-restart')).toMatchObject({ exitCode: 3 });
  expect((await execa(process.execPath, [CLI, 'run'], { env: world.env, reject: false })).stderr).toContain(
    'noexec',
  );
  const { releases } = await world.ok('list');
  expect(releases).toMatchObject([{ fault: expect.stringContaining('cannot be read and executed') }]);
});

test('a TMPDIR on a filesystem with noexec hinders nothing', async () => {
  const disk = smallFilesystem(40);
  remount(disk, 'noexec');
  const world = await makeWorld(undefined, { env: { TMPDIR: disk } });
  world.publish(VERSION);
  await world.start(VERSION);
  expect(await world.version()).toBe(VERSION);
});

test('a filesystem without inodes for a release is refused before the first download', async () => {
  const world = await worldOn(smallFilesystem(1_500));
  // A release is taken to have 50,000 files as long as none is here.
  const disk = smallFilesystem(300);
  const root = join(disk, 'root');
  mkdirSync(root, { mode: 0o700 });
  await world.ok('retention', '--leave-free', '1MiB', '--root', root);
  const { exitCode, json } = await world.cli('stage', VERSION, '--root', root);
  expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: 'insufficient_space' });
  expect(json.error.message).toMatch(/\d+ files/);
  expect(archives(world)).toEqual([]);
});

test("a read-only home is refused by npm's cache before the first download", async () => {
  const disk = smallFilesystem(40);
  const world = await makeWorld(undefined, {
    env: { npm_config_cache: join(disk, 'home/.npm') },
  });
  world.publish(VERSION);
  remountReadOnly(disk);
  const { exitCode, json } = await world.cli('stage', VERSION);
  expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: 'cache_unwritable' });
  expect(json.error).toMatchObject({ hint: expect.stringContaining('npm config set cache') });
  expect(archives(world)).toEqual([]);
  expect(readdirSync(join(world.root, 'releases'))).toEqual([]);
});
