import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { tinyDependency } from '../registry/gateway-package.js';
import { CLI, makeWorld, QUICK, type World } from '../support/world.js';

const kept = (world: World, version: string) => join(world.root, 'lockfiles', `${version}.json`);
const inRelease = (world: World, id: string, ...names: string[]) =>
  join(world.root, 'releases', id, ...names);
const lockfileOf = (world: World, id: string) => inRelease(world, id, 'package-lock.json');
const text = (path: string) => readFileSync(path, 'utf8');

function dependencyOf(world: World, id: string): string {
  return JSON.parse(text(inRelease(world, id, 'node_modules/tiny-dep/package.json'))).version;
}

test('a release that was healthy here and was pruned is the same when staged again, except with --no-lockfile', async () => {
  const world = await makeWorld();
  for (const version of ['2026.6.1', '2026.6.3', '2026.6.5', '2026.6.9']) world.publish(version);
  await world.start('2026.6.1');
  const before = text(lockfileOf(world, '2026.6.1'));
  await world.ok('stage', '2026.6.3');
  for (const version of ['2026.6.5', '2026.6.9']) await world.ok('update', version, ...QUICK);
  await world.ok('prune', '--keep', '1');
  for (const id of ['2026.6.1', '2026.6.3']) expect(existsSync(inRelease(world, id))).toBe(false);
  world.registry.publish(tinyDependency('1.1.0'));

  const again = await world.ok('stage', '2026.6.1');
  expect(again.steps[0].note).toContain(`as ${kept(world, '2026.6.1')} lists`);
  expect(text(lockfileOf(world, '2026.6.1'))).toBe(before);
  expect(dependencyOf(world, '2026.6.1')).toBe('1.0.0');

  // It never ran here.
  expect(existsSync(kept(world, '2026.6.3'))).toBe(false);
  await world.ok('stage', '2026.6.3');
  expect(dependencyOf(world, '2026.6.3')).toBe('1.1.0');

  await world.ok('prune', '--keep', '1');
  const anew = await world.ok('stage', '2026.6.1', '--no-lockfile');
  expect(anew.steps[0].note).not.toContain(' lists');
  expect(dependencyOf(world, '2026.6.1')).toBe('1.1.0');
});

describe('a lockfile that is no file of a usual size', () => {
  /** Runs the command with little memory, and with something as its standard input. */
  async function frugally(world: World, input: string, ...args: string[]) {
    const limited = 'ulimit -v 4000000; exec "$@" <"$0"';
    const node = [process.execPath, '--max-old-space-size=128', CLI, ...args, '--json'];
    const { exitCode, stdout } = await execa('sh', ['-c', limited, input, ...node], {
      env: world.env,
      extendEnv: false,
      reject: false,
    });
    return { exitCode, error: JSON.parse(stdout).error };
  }

  async function largeFile(world: World): Promise<string> {
    const path = join(world.path, 'large.json');
    writeFileSync(path, '{"packages":{}}');
    truncateSync(path, 70_000_000);
    return path;
  }

  test('is refused by import within little memory', async () => {
    const world = await makeWorld();
    const pipe = join(world.path, 'pipe');
    await execa('mkfifo', [pipe]);
    const large = await largeFile(world);
    for (const [path, reason] of [
      ['/dev/zero', 'is not a plain file'],
      [pipe, 'is not a plain file'],
      [world.path, 'is a directory'],
      [large, 'is far too large (70000000 bytes)'],
    ] as const) {
      const { exitCode, error } = await frugally(world, '/dev/null', 'lockfile', 'import', path);
      expect([path, exitCode, error.code]).toEqual([path, 2, 'usage']);
      expect(error.message).toContain(reason);
    }
    for (const input of ['/dev/zero', large]) {
      const { exitCode, error } = await frugally(world, input, 'lockfile', 'import', '-');
      expect([input, exitCode, error.code]).toEqual([input, 2, 'usage']);
      expect(error.message).toBe('Standard input is larger than 16777216 bytes.');
    }
    expect(existsSync(join(world.root, 'lockfiles'))).toBe(false);
  });

  test('is refused by stage --lockfile within little memory', async () => {
    const world = await makeWorld();
    world.publish('2026.6.1');
    for (const path of ['/dev/zero', await largeFile(world)]) {
      const { exitCode, error } = await frugally(world, '/dev/null', 'stage', '2026.6.1', '--lockfile', path);
      expect([path, exitCode, error.code]).toEqual([path, 3, 'lockfile_invalid']);
      expect(error.message).toContain(`${path} is `);
    }
    expect(existsSync(inRelease(world, '2026.6.1'))).toBe(false);
  });
});

test('stage warns of packages that only SHA-1 proves, and installs them again from the own lockfile', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.registry.fault({
    kind: 'odd-document',
    match: /^\/tiny-dep/,
    change: (document) => {
      for (const { dist } of Object.values<{ dist: { integrity?: string } }>(document.versions ?? [document]))
        delete dist.integrity;
      return document;
    },
  });
  const { warnings } = await world.ok('stage', '2026.6.1');
  expect(warnings).toEqual(['Only a SHA-1 checksum proves tiny-dep@1.0.0: the registry gave no better one.']);
  const lockfile = join(world.path, 'given.json');
  writeFileSync(lockfile, text(lockfileOf(world, '2026.6.1')));
  const imported = await world.cli('lockfile', 'import', lockfile);
  expect([imported.exitCode, imported.json.error.code]).toEqual([3, 'lockfile_invalid']);
});

test('stage refuses a lockfile of other bytes of that version, and names the way past it', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  mkdirSync(join(world.root, 'lockfiles'), { recursive: true });
  const openclaw = { version: '2026.6.1', integrity: `sha512-${'A'.repeat(86)}==` };
  writeFileSync(
    kept(world, '2026.6.1'),
    JSON.stringify({ lockfileVersion: 3, packages: { 'node_modules/openclaw': openclaw } }),
  );
  const { exitCode, json } = await world.cli('stage', '2026.6.1');
  expect(exitCode).toBe(3);
  expect(json).toMatchObject({ status: 'package_update_failed', error: { code: 'lockfile_invalid' } });
  expect(json.error.message).toContain(kept(world, '2026.6.1'));
  expect(json.error.hint).toContain('--no-lockfile');
  await world.ok('stage', '2026.6.1', '--no-lockfile');
});
