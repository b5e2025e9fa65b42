import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { tinyDependency } from '../registry/gateway-package.js';
import { CLI, makeWorld, type World } from '../support/world.js';

const kept = (world: World, version: string) => join(world.root, 'lockfiles', `${version}.json`);
const inRelease = (world: World, id: string, ...names: string[]) =>
  join(world.root, 'releases', id, ...names);
const lockfileOf = (world: World, id: string) => inRelease(world, id, 'package-lock.json');
const text = (path: string) => readFileSync(path, 'utf8');

function dependencyOf(world: World, id: string): string {
  return JSON.parse(text(inRelease(world, id, 'node_modules/tiny-dep/package.json'))).version;
}

describe('lockfile import', () => {
  const VERSION = '2026.6.1';

  async function fleet() {
    const [first, other] = [await makeWorld(), await makeWorld()];
    for (const { publish } of [first, other]) publish(VERSION);
    await first.ok('stage', VERSION);
    other.registry.publish(tinyDependency('1.1.0'));
    return { first, other };
  }

  test('makes the release of another host again, from the own registry', async () => {
    const { first, other } = await fleet();
    const asked = first.registry.requests.length;
    expect(await other.ok('lockfile', 'import', lockfileOf(first, VERSION))).toEqual({
      schema: 1,
      ok: true,
      version: VERSION,
      packages: 2,
      path: kept(other, VERSION),
      staged: 'no',
    });
    await other.ok('stage', VERSION);
    expect(dependencyOf(other, VERSION)).toBe('1.0.0');
    expect(first.registry.requests).toHaveLength(asked);
    expect(text(lockfileOf(other, VERSION))).not.toContain(first.registry.url);
    expect(await other.ok('lockfile', 'import', lockfileOf(first, VERSION))).toMatchObject({
      staged: 'other',
    });
    expect(await other.ok('lockfile', 'import', lockfileOf(other, VERSION))).toMatchObject({
      staged: 'same',
    });
    expect(await other.ok('verify', VERSION)).toMatchObject({ ok: true, differences: [] });
  });

  test('takes it from standard input', async () => {
    const { first, other } = await fleet();
    const { stdout } = await execa(process.execPath, [CLI, 'lockfile', 'import', '-'], {
      env: other.env,
      extendEnv: false,
      input: text(lockfileOf(first, VERSION)),
    });
    expect(stdout).toBe(
      `${VERSION} is installed as ${kept(other, VERSION)} lists from now on: 2 packages.\nNext: openclaw-releases stage ${VERSION}`,
    );
    expect(text(kept(other, VERSION))).toBe(text(lockfileOf(first, VERSION)));
  });

  const integrity = `sha512-${'A'.repeat(86)}==`;
  const openclaw = { version: VERSION, integrity };
  const tiny = { version: '1.0.0', integrity };

  test.each<[string, object | string]>([
    ['that is no JSON', '{'],
    ['of nothing', {}],
    ['of no OpenClaw', { lockfileVersion: 3, packages: { 'node_modules/tiny-dep': tiny } }],
    [
      'with a package that has no checksum',
      {
        lockfileVersion: 3,
        packages: { 'node_modules/openclaw': openclaw, 'node_modules/tiny-dep': { version: '1.0.0' } },
      },
    ],
    [
      'with a package that is in no bundle',
      {
        lockfileVersion: 3,
        packages: {
          'node_modules/openclaw': openclaw,
          'node_modules/tiny-dep': { version: '1.0.0', inBundle: true },
        },
      },
    ],
    [
      'with a checksum that nobody can check',
      {
        lockfileVersion: 3,
        packages: { 'node_modules/openclaw': openclaw, 'node_modules/tiny-dep': { ...tiny, integrity: 1 } },
      },
    ],
    [
      'with a package that SHA-1 alone proves',
      {
        lockfileVersion: 3,
        packages: {
          'node_modules/openclaw': openclaw,
          'node_modules/tiny-dep': { ...tiny, integrity: `sha1-${'A'.repeat(27)}=` },
        },
      },
    ],
    [
      'with a place outside',
      {
        lockfileVersion: 3,
        packages: { 'node_modules/openclaw': openclaw, 'node_modules/../../x': tiny },
      },
    ],
    [
      'of a version that names another place',
      {
        lockfileVersion: 3,
        packages: { 'node_modules/openclaw': { ...openclaw, version: '../../current' } },
      },
    ],
  ])('refuses one %s, and stores nothing', async (_what, lockfile) => {
    const world = await makeWorld();
    const path = join(world.path, 'spoiled.json');
    writeFileSync(path, typeof lockfile === 'string' ? lockfile : JSON.stringify(lockfile));
    const { exitCode, json } = await world.cli('lockfile', 'import', path);
    expect(exitCode).toBe(3);
    expect(json.error).toMatchObject({
      code: 'lockfile_invalid',
      hint: expect.stringContaining('--no-lockfile'),
    });
    expect(existsSync(join(world.root, 'lockfiles'))).toBe(false);
  });

  test('reports what cannot be read', async () => {
    const world = await makeWorld();
    const { exitCode, json } = await world.cli('lockfile', 'import', 'nowhere.json');
    expect([exitCode, json.error.code, json.error.hint]).toEqual([2, 'usage', 'ls -l nowhere.json']);
  });
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
