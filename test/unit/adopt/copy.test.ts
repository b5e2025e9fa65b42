import { chmodSync, linkSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyInstall } from '../../../src/adopt/copy.js';
import { digestTree } from '../../../src/store/tree.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

const json = (name: string, version: string, dependencies: Record<string, string> = {}, more: object = {}) =>
  JSON.stringify({ name, version, main: 'index.js', dependencies, ...more });

/** A package whose program prints its name and version. */
function packageAt(path: string, name: string, version: string, dependencies: Record<string, string> = {}) {
  return {
    [`${path}/package.json`]: json(name, version, dependencies),
    [`${path}/index.js`]: `module.exports = '${name}@${version}';\n`,
  };
}

const copy = (packageRoot: string, into: string, signal?: AbortSignal) =>
  copyInstall({ install: { packageRoot, version: '2026.5.28' }, into, signal });

/** Module that a module in the copy gets when it requires another package. */
const required = (from: string, name: string) => createRequire(join(from, 'index.js'))(name) as string;

describe('copying an install', () => {
  test("takes npm's nested tree as it is, modes and leftovers included, and shares no file with it", async () => {
    const prefix = temporaryDirectory('prefix');
    const root = join(prefix, 'lib/node_modules/openclaw');
    writeTree(root, {
      ...packageAt('.', 'openclaw', '2026.5.28', { a: '1' }),
      ...packageAt('node_modules/a', 'a', '1.0.0'),
      'node_modules/.package-lock.json': '{}\n',
      'node_modules/.bin/a': '-> ../a/index.js',
      'openclaw.mjs': '#!/usr/bin/env node\n',
    });
    chmodSync(join(root, 'openclaw.mjs'), 0o755);
    linkSync(join(root, 'index.js'), join(prefix, 'twin.js'));
    writeTree(join(prefix, 'lib/node_modules'), packageAt('unrelated', 'unrelated', '1.0.0'));
    const into = temporaryDirectory('copy');
    const report = await copy(root, into);
    const copied = join(into, 'node_modules/openclaw');
    expect(report).toMatchObject({ packages: 2, files: 6 });
    expect(statSync(join(copied, 'openclaw.mjs')).mode & 0o777).toBe(0o755);
    expect(statSync(join(copied, 'index.js')).nlink).toBe(1);
    expect(statSync(join(copied, 'index.js')).ino).not.toBe(statSync(join(root, 'index.js')).ino);
    expect(readlinkSync(join(copied, 'node_modules/.bin/a'))).toBe('../a/index.js');
    expect(readFileSync(join(copied, 'node_modules/.package-lock.json'), 'utf8')).toBe('{}\n');
    expect(statSync(join(into, 'node_modules/unrelated'), { throwIfNoEntry: false })).toBeUndefined();
    await expect(digestTree(into)).resolves.toBeDefined();
  });

  test("makes one tree without links from pnpm's store", async () => {
    const home = temporaryDirectory('pnpm');
    const store = '.pnpm';
    writeTree(home, {
      ...packageAt(`${store}/openclaw@1/node_modules/openclaw`, 'openclaw', '2026.5.28', {
        a: '1',
        '@s/b': '2',
      }),
      [`${store}/openclaw@1/node_modules/openclaw/node_modules/.bin/a`]: '-> ../../../a/index.js',
      [`${store}/openclaw@1/node_modules/a`]: '-> ../../a@1/node_modules/a',
      [`${store}/openclaw@1/node_modules/@s/b`]: '-> ../../../b@2/node_modules/@s/b',
      ...packageAt(`${store}/a@1/node_modules/a`, 'a', '1.0.0', { c: '1' }),
      [`${store}/a@1/node_modules/c`]: '-> ../../c@1/node_modules/c',
      ...packageAt(`${store}/b@2/node_modules/@s/b`, '@s/b', '2.0.0', { c: '2', a: '1' }),
      [`${store}/b@2/node_modules/c`]: '-> ../../c@2/node_modules/c',
      [`${store}/b@2/node_modules/a`]: '-> ../../a@1/node_modules/a',
      ...packageAt(`${store}/c@1/node_modules/c`, 'c', '1.0.0'),
      ...packageAt(`${store}/c@2/node_modules/c`, 'c', '2.0.0', { '@s/b': '2' }),
      // The dependencies form a circle: c needs what needs c.
      [`${store}/c@2/node_modules/@s/b`]: '-> ../../../b@2/node_modules/@s/b',
      openclaw: `-> ${store}/openclaw@1/node_modules/openclaw`,
    });
    const into = temporaryDirectory('copy');
    const report = await copy(join(home, store, 'openclaw@1/node_modules/openclaw'), into);
    const modules = join(into, 'node_modules');
    expect(report.packages).toBe(5);
    expect(required(join(modules, 'openclaw'), 'a')).toBe('a@1.0.0');
    expect(required(join(modules, 'a'), 'c')).toBe('c@1.0.0');
    const b = join(modules, '@s/b');
    expect(required(b, 'c')).toBe('c@2.0.0');
    expect(required(join(b, 'node_modules/c'), '@s/b')).toBe('@s/b@2.0.0');
    expect((await digestTree(into)).text).not.toMatch(/^# /m);
  });

  test('copies only what OpenClaw needs from a flat tree, with links that leave their package as copies', async () => {
    const project = temporaryDirectory('flat');
    writeTree(project, {
      ...packageAt('node_modules/openclaw', 'openclaw', '2026.5.28', { a: '1' }),
      'node_modules/openclaw/shared.txt': '-> ../../shared.txt',
      'node_modules/openclaw/gone.txt': '-> nowhere',
      'shared.txt': 'from outside\n',
      ...packageAt('node_modules/a', 'a', '1.0.0', { b: '1' }),
      ...packageAt('node_modules/b', 'b', '1.0.0'),
      ...packageAt('node_modules/stranger', 'stranger', '1.0.0'),
      'node_modules/.package-lock.json': JSON.stringify({
        packages: Object.fromEntries(
          ['openclaw', 'a', 'b'].map((name) => [
            `node_modules/${name}`,
            {
              version: name === 'openclaw' ? '2026.5.28' : '1.0.0',
              resolved: `https://registry.test/${name}.tgz`,
              integrity: `sha512-${name}`,
            },
          ]),
        ),
      }),
    });
    const into = temporaryDirectory('copy');
    const report = await copy(join(project, 'node_modules/openclaw'), into);
    expect(report).toMatchObject({ packages: 3 });
    const lock = JSON.parse(readFileSync(join(into, 'package-lock.json'), 'utf8'));
    expect(Object.keys(lock.packages)).toEqual([
      '',
      'node_modules/a',
      'node_modules/b',
      'node_modules/openclaw',
    ]);
    expect(lock.packages['node_modules/b']).toMatchObject({
      version: '1.0.0',
      integrity: 'sha512-b',
      resolved: 'https://registry.test/b.tgz',
    });
    expect(readFileSync(join(into, 'node_modules/openclaw/shared.txt'), 'utf8')).toBe('from outside\n');
    expect(statSync(join(into, 'node_modules/stranger'), { throwIfNoEntry: false })).toBeUndefined();
  });

  test('writes a lockfile without checksums where they are unknown', async () => {
    const project = temporaryDirectory('plain');
    writeTree(project, packageAt('node_modules/openclaw', 'openclaw', '2026.5.28'));
    const into = temporaryDirectory('copy');
    const report = await copy(join(project, 'node_modules/openclaw'), into);
    expect(report).toMatchObject({
      packages: 1,
      lockfileDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const lockfile = readFileSync(join(into, 'package-lock.json'), 'utf8');
    expect(lockfile).not.toContain(project);
    expect(lockfile).not.toContain('integrity');
  });

  test('changes nothing in the install', async () => {
    const project = temporaryDirectory('source');
    writeTree(project, packageAt('node_modules/openclaw', 'openclaw', '2026.5.28'));
    const before = (await digestTree(project)).text;
    await copy(join(project, 'node_modules/openclaw'), temporaryDirectory('copy'));
    expect((await digestTree(project)).text).toBe(before);
  });

  test('refuses a source checkout', async () => {
    const project = temporaryDirectory('checkout');
    writeTree(project, { ...packageAt('.', 'openclaw', '2026.5.28'), '.git/HEAD': 'ref: x\n' });
    await expect(copy(project, temporaryDirectory('copy'))).rejects.toMatchObject({ code: 'not_openclaw' });
  });

  test('ends soon when it is interrupted', async () => {
    const project = temporaryDirectory('many');
    const root = writeTree(project, packageAt('node_modules/openclaw', 'openclaw', '2026.5.28'));
    for (let file = 0; file < 500; file++)
      writeFileSync(join(root, 'node_modules/openclaw', `${file}.js`), '');
    const copying = copy(
      join(root, 'node_modules/openclaw'),
      temporaryDirectory('copy'),
      AbortSignal.abort(),
    );
    await expect(copying).rejects.toMatchObject({ code: 'interrupted' });
  });
});
