import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { tinyDependency } from '../registry/gateway-package.js';
import { CLI, makeWorld, typed, type World } from '../support/world.js';

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
      `${VERSION} is installed as ${kept(other, VERSION)} lists from now on: 2 packages.\nNext: ${typed(other, `stage ${VERSION}`)}`,
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
