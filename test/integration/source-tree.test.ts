import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installRelease } from '../../src/source/install.js';
import type { Similar } from '../../src/source/installing/similar.js';
import { installTree } from '../../src/source/installing/tree.js';
import type { InstallOrder } from '../../src/source/orders.js';
import { resolveRelease } from '../../src/source/resolve.js';
import { digestTree } from '../../src/store/tree.js';
import { openclawPackage } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import type { PackageFiles } from '../registry/tarball.js';
import { removeDirectory } from '../support/place.js';
import { exists, makePlace, type Place, rejection, until } from '../support/source-place.js';

const VERSION = '2026.6.1';

let registry: Registry;
let place: Place;

beforeEach(async () => {
  place = makePlace();
  registry = await startRegistry();
});

afterEach(async () => {
  await registry.close();
  place.dispose();
});

/** A package that has nothing but what is asked for. */
function publish(
  name: string,
  version: string,
  manifest: object = {},
  files: PackageFiles['files'] = {},
): void {
  const text = JSON.stringify({ name, version, ...manifest });
  registry.publish({ name, version, files: { 'package.json': text, 'index.js': `// ${name}\n`, ...files } });
}

/** OpenClaw with everything in its tree that npm treats in a way of its own. */
function publishOddities(): void {
  publish('plain', '1.0.0');
  publish('twice', '1.0.0');
  publish('twice', '2.0.0', { dependencies: { plain: '^1.0.0' } });
  publish('@scope/scoped', '1.0.0', { dependencies: { twice: '^1.0.0' } });
  publish('aliased', '3.0.0');
  publish('host', '1.5.0');
  publish('plugin', '1.0.0', {
    peerDependencies: { host: '^1.0.0', absent: '*' },
    peerDependenciesMeta: { absent: { optional: true } },
  });
  publish('elsewhere', '1.0.0', { os: ['win32'], dependencies: { 'only-elsewhere': '1.0.0' } });
  publish('only-elsewhere', '1.0.0');
  publish('other-processor', '1.0.0', { cpu: ['mips'] });
  publish('other-libc', '1.0.0', { os: ['linux'], libc: ['musl'] });
  publish('this-libc', '1.0.0', { os: ['linux'], libc: ['glibc'] });
  publish(
    'modes',
    '1.0.0',
    { bin: { 'with-mode': 'bin/with.js', 'without-mode': './bin/without.js' } },
    {
      'bin/with.js': { text: '#!/usr/bin/env node\n', mode: 0o755 },
      'bin/without.js': '#!/usr/bin/env node\r\n// made elsewhere\n',
      'private.txt': { text: 'secret', mode: 0o400 },
      'tool.sh': { text: '#!/bin/sh\n', mode: 0o711 },
      './deep/./file.js': 'dots',
      '.gitignore': 'ignored\n',
      'sub/.npmignore': 'kept\n',
      'sub/.gitignore': 'dropped\n',
      'empty.txt': '',
      'large.txt': 'x'.repeat(3_000_000),
    },
  );
  publish(
    'bundler',
    '1.0.0',
    { bundleDependencies: ['bundled'], dependencies: { bundled: '^1.0.0', plain: '^1.0.0' } },
    {
      'node_modules/bundled/package.json': JSON.stringify({
        name: 'bundled',
        version: '1.2.3',
        bin: 'run.js',
        dependencies: { inner: '*' },
      }),
      'node_modules/bundled/run.js': '#!/usr/bin/env node\n',
      'node_modules/inner/package.json': JSON.stringify({ name: 'inner', version: '0.1.0' }),
    },
  );
  publish('inner', '9.0.0');
  const dependencies = {
    ...{ plain: '^1.0.0', twice: '^2.0.0', '@scope/scoped': '*', other: 'npm:aliased@^3.0.0', plugin: '*' },
    ...{ modes: '*', bundler: '*' },
  };
  const optionalDependencies = {
    ...{ elsewhere: '*', 'other-processor': '*', 'other-libc': '*', 'this-libc': '*' },
  };
  registry.publish(odd(dependencies, optionalDependencies));
}

function odd(
  dependencies: Record<string, string>,
  optionalDependencies: Record<string, string> = {},
): PackageFiles {
  const pkg = openclawPackage(VERSION, { dependencies });
  const manifest = JSON.parse(String(pkg.files['package.json']));
  return {
    ...pkg,
    files: { ...pkg.files, 'package.json': JSON.stringify({ ...manifest, optionalDependencies }) },
  };
}

async function orderFor(
  directory: string,
  rest: Partial<InstallOrder> = {},
  resolvedWith?: InstallOrder['options'],
): Promise<InstallOrder> {
  const options = await place.options(registry.url);
  const { version, integrity, tarball } = await resolveRelease(
    { kind: 'version', version: VERSION },
    resolvedWith ?? options,
  );
  const runtime = { node: process.execPath, version: process.versions.node };
  const plain = { kind: 'install' as const, allowScripts: [], lockfile: null, similar: null, options };
  return { ...plain, directory: place.path(directory), version, integrity, tarball, runtime, ...rest };
}

async function announced(asked: string): Promise<Pick<InstallOrder, 'version' | 'integrity' | 'tarball'>> {
  const options = await place.options(registry.url);
  const { version, integrity, tarball } = await resolveRelease({ kind: 'version', version: asked }, options);
  return { version, integrity, tarball };
}

/** Every path below a directory with its kind, its mode, and what is in it. */
function contentsOf(directory: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(directory, below)).sort()) {
    const path = join(below, name);
    const at = join(directory, path);
    const stat = lstatSync(at);
    if (stat.isSymbolicLink()) found[path] = `-> ${readlinkSync(at)}`;
    else if (stat.isDirectory())
      Object.assign(found, { [path]: mode(stat.mode) }, contentsOf(directory, path));
    else found[path] = `${mode(stat.mode)} ${createHash('sha256').update(readFileSync(at)).digest('hex')}`;
  }
  return found;
}

function mode(bits: number): string {
  return (bits & 0o7777).toString(8);
}

/** What npm itself makes of the lockfile that was made. */
async function asNpmDoes(directory: string): Promise<string> {
  const there = place.path('npm');
  mkdirSync(there);
  for (const name of ['package.json', 'package-lock.json'])
    cpSync(place.path(directory, name), join(there, name));
  const options = [
    `--registry=${registry.url}`,
    `--cache=${place.path('npm-cache')}`,
    '--ignore-scripts',
    '--no-audit',
    '--no-omit-lockfile-registry-resolved',
  ];
  await execa('npm', ['ci', ...options], { cwd: there });
  return there;
}

describe('the tree of a release', () => {
  it('is the one that npm makes of the same lockfile: every file, link and mode', async () => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    const ours = contentsOf(place.path('release/node_modules'));
    expect(ours).toEqual(contentsOf(join(await asNpmDoes('release'), 'node_modules')));
    for (const there of [
      'bundler/node_modules/inner/package.json',
      'this-libc/index.js',
      'other/index.js',
      'host/index.js',
    ])
      expect(Object.keys(ours)).toContain(there);
    for (const absent of ['elsewhere', 'only-elsewhere', 'other-processor', 'other-libc', 'absent'])
      expect(Object.keys(ours)).not.toContain(absent);
    expect(ours['.bin/without-mode']).toBe('-> ../modes/bin/without.js');
    expect(ours['modes/private.txt']).toMatch(/^644 /);
    expect(readdirSync(place.path('release')).sort()).toEqual([
      'node_modules',
      'package-lock.json',
      'package.json',
    ]);
  });

  it('is the same once more from that lockfile, and from a cache that has all of it', async () => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    cpSync(place.path('release/package-lock.json'), place.path('exact.json'));
    const first = contentsOf(place.path('release'));
    const before = registry.requests.length;
    await installTree(await orderFor('again', { lockfile: place.path('exact.json') }), () => {});
    expect(contentsOf(place.path('again'))).toEqual(first);
    expect(registry.requests.slice(before).filter((request) => request.endsWith('.tgz'))).toEqual([]);
  });

  it.each([
    ['nothing', async () => null],
    [
      'a similar release whose packages are not what was unpacked',
      async () => {
        const similar = await sealed('release');
        for (const path of Object.keys(contentsOf(place.path('release/node_modules'))))
          if (path.endsWith('.js')) damageSealed(place.path('release/node_modules', path));
        return similar;
      },
    ],
  ])(
    "beside %s is made of what the registry announced, though npm's cache was damaged",
    async (_, besides) => {
      publishOddities();
      await installTree(await orderFor('release'), () => {});
      const first = contentsOf(place.path('release'));
      damageCache();
      await installTree(await orderFor('again', { similar: await besides() }), () => {});
      expect(contentsOf(place.path('again'))).toEqual(first);
    },
  );

  it('is copied from a similar release as far as that has it, without its archives', async () => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    const first = contentsOf(place.path('release'));
    const similar = await sealed('release');
    rmSync(place.path('cache'), { recursive: true });
    const before = registry.requests.length;
    await installTree(await orderFor('again', { similar }), () => {});
    expect(contentsOf(place.path('again'))).toEqual(first);
    const archives = registry.requests.slice(before).filter((request) => request.endsWith('.tgz'));
    // OpenClaw's own, and of one that has others in its archive.
    expect(archives.sort()).toEqual([
      'GET /bundler/-/bundler-1.0.0.tgz',
      `GET /openclaw/-/openclaw-${VERSION}.tgz`,
    ]);
  });

  it('is not copied from a similar release where OpenClaw names another version', async () => {
    publish('modes', '1.0.0', {}, { 'old.js': '' });
    publish('modes', '1.0.1');
    publish('plain', '1.0.0');
    publish('waited-for', '1.0.0');
    registry.publish(odd({ modes: '1.0.0', plain: '*' }));
    await installTree(await orderFor('release'), () => {});
    const similar = await sealed('release');
    const next = '2026.6.2';
    registry.publish(
      openclawPackage(next, { dependencies: { modes: '1.0.1', plain: '*', 'waited-for': '*' } }),
    );
    const order = await orderFor('again', { ...(await announced(next)), similar });
    registry.fault({ kind: 'slow', match: /^\/waited-for(\/latest)?$/, delayMs: 60_000 });
    const failed = installTree(order, () => {}).catch((error) => error);
    const scratch = place.path('again/.unpacking');
    const made = () => (exists(scratch) ? readdirSync(scratch, { recursive: true }).map(String) : []);
    const isAsked = () => registry.requests.some((request) => request.endsWith('modes-1.0.1.tgz'));
    await until(() => made().some((path) => path.endsWith('/index.js')) && isAsked(), 'the others are begun');
    expect(made().filter((path) => path.endsWith('old.js'))).toEqual([]);
    await registry.close();
    expect(await failed).toBeInstanceOf(Error);
    registry = await startRegistry();
  });

  it.each<[what: string, change: (name: (path: string) => string) => void]>([
    ['changed', (name) => appendFileSync(name('plain/index.js'), '// by a script')],
    ['added', (name) => writeFileSync(name('plain/built.js'), '// by a script')],
    ['removed', (name) => rmSync(name('modes/deep/file.js'))],
    [
      'replaced',
      (name) => {
        rmSync(name('plain/index.js'));
        writeFileSync(name('plain/index.js'), '// older than the release');
        utimesSync(name('plain/index.js'), 1, 1);
      },
    ],
  ])('has nothing that a script has %s in a similar release', async (_what, change) => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    const first = contentsOf(place.path('release'));
    change((path) => place.path('release/node_modules', path));
    expect(contentsOf(place.path('release'))).not.toEqual(first);
    await installTree(await orderFor('again', { similar: await sealed('release') }), () => {});
    expect(contentsOf(place.path('again'))).toEqual(first);
  });

  it('has nothing of a similar release but what it shares', async () => {
    publishOddities();
    registry.publish(openclawPackage('2026.5.1', { dependencies: { plain: '*', twice: '^1.0.0' } }));
    await installTree(await orderFor('before'), () => {});
    const similar = await sealed('before');
    const order = await orderFor('release', { ...(await announced('2026.5.1')), similar });
    await installTree(order, () => {});
    await installTree({ ...order, directory: place.path('unhelped'), similar: null }, () => {});
    const made = contentsOf(place.path('release'));
    expect(made).toEqual(contentsOf(place.path('unhelped')));
    expect(Object.keys(made)).not.toContain('node_modules/modes');
    expect(Object.keys(made)).not.toContain('.unpacking');
  });

  it.each<[why: string, change: (similar: Similar) => void]>([
    ['has no lockfile', ({ directory }) => removeSealed(join(directory, 'package-lock.json'))],
    ['has a damaged lockfile', ({ directory }) => damageSealed(join(directory, 'package-lock.json'), '{')],
    ['has no list of its files', ({ digests }) => rmSync(digests)],
    ['has another list than it was sealed with', ({ digests }) => appendFileSync(digests, '# one -> more\n')],
    ['lacks files', ({ directory }) => removeSealed(join(directory, 'node_modules'))],
  ])('is made without the help of a similar release that %s', async (_why, change) => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    const first = contentsOf(place.path('release'));
    const similar = await sealed('release');
    change(similar);
    await installTree(await orderFor('again', { similar }), () => {});
    expect(contentsOf(place.path('again'))).toEqual(first);
  });
});

/** What a sealed release has besides: the list of its files, and no right to write to any. */
async function sealed(name: string): Promise<Similar> {
  const directory = place.path(name);
  const { text, digest: treeDigest } = await digestTree(directory);
  const digests = place.path(`${name}.sha256`);
  writeFileSync(digests, text);
  for (const [path, what] of Object.entries(contentsOf(directory)))
    if (!what.startsWith('->')) chmodSync(join(directory, path), Number.parseInt(what, 8) & 0o555);
  return { directory, digests, treeDigest };
}

/** Adds to a file that was made read-only, as a disk or root can. */
function damageSealed(path: string, text = '// damaged'): void {
  chmodSync(path, 0o644);
  appendFileSync(path, text);
}

/** Removes a file, or a directory with all below it, out of directories that were made read-only. */
function removeSealed(path: string): void {
  chmodSync(dirname(path), 0o755);
  if (lstatSync(path).isDirectory()) removeDirectory(path);
  else rmSync(path);
}

/** Every archive in the cache gets other bytes in its middle. */
function damageCache(): void {
  const content = place.path('cache/_cacache/content-v2');
  const files = readdirSync(content, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const archives = files
    .map((entry) => ({ path: join(entry.parentPath, entry.name) }))
    .map(({ path }) => ({ path, bytes: readFileSync(path) }))
    .filter(({ bytes }) => bytes.readUInt16BE() === 0x1f8b);
  expect(archives.length).toBeGreaterThan(8);
  for (const { path, bytes } of archives) {
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
  }
}

describe('the network', () => {
  const archives = () => registry.requests.filter((request) => request.endsWith('.tgz'));

  it('is asked for each archive and each document once', async () => {
    publishOddities();
    const order = await orderFor('release');
    const before = registry.requests.length;
    await installTree(order, () => {});
    const asked = registry.requests.slice(before);
    expect(asked.filter((request, at) => asked.indexOf(request) !== at)).toEqual([]);
    expect(archives().length).toBeGreaterThan(8);
  });

  it("is asked again when npm's cache knows OpenClaw from before this version, and nothing of a version alone", async () => {
    registry.fault({ kind: 'not-found', match: /^\/openclaw\/\d[^/]*$/ });
    publish('plain', '1.0.0');
    registry.publish(openclawPackage('2026.5.1', { dependencies: { plain: '*' } }));
    const old = await place.options(registry.url);
    await resolveRelease({ kind: 'version', version: '2026.5.1' }, old);
    registry.publish(odd({ plain: '*' }));
    const order = await orderFor('release', { options: old }, { ...old, cache: place.path('another') });
    await installTree(order, () => {});
    expect(exists(place.path('release/node_modules/plain/index.js'))).toBe(true);
  });

  it('is not waited for by what a similar release has, though a document has not come', async () => {
    publishOddities();
    publish('unseen', '1.0.0');
    registry.publish(openclawPackage('2026.5.1', { dependencies: { modes: '*', unseen: '*' } }));
    await installTree(await orderFor('before'), () => {});
    const similar = await sealed('before');
    const order = await orderFor('release', { ...(await announced('2026.5.1')), similar });
    registry.fault({ kind: 'slow', match: /^\/unseen(\/latest)?$/, delayMs: 60_000 });
    const installing = installTree(order, () => {}).catch((error) => error);
    const scratch = place.path('release/.unpacking');
    const unpacked = () => (exists(scratch) ? readdirSync(scratch, { recursive: true }).map(String) : []);
    await until(() => unpacked().some((path) => path.endsWith('bin/with.js')), 'one of them is unpacked');
    expect(exists(place.path('release/node_modules'))).toBe(false);
    await registry.close();
    expect(await installing).toBeInstanceOf(Error);
    registry = await startRegistry();
  });

  it('is asked for archives while a document has not come, and for none that the tree will not have', async () => {
    for (const name of ['only-elsewhere', 'waited-for', 'pinned']) publish(name, '1.0.0');
    publish('pinned', '1.1.0');
    publish('user', '1.0.0', { dependencies: { pinned: '^1.0.0' } });
    publish('elsewhere', '1.0.0', { os: ['win32'], dependencies: { 'only-elsewhere': '1.0.0' } });
    publish('here', '1.0.0', { os: [process.platform] });
    registry.publish(odd({ pinned: '1.0.0', user: '*', 'waited-for': '*' }, { elsewhere: '*', here: '*' }));
    const order = await orderFor('release');
    registry.fault({ kind: 'slow', match: /^\/waited-for(\/latest)?$/, delayMs: 60_000 });
    const failed = installTree(order, () => {}).catch((error) => error);
    const wanted = ['here', 'openclaw', 'pinned', 'user'];
    const asked = () => archives().map((request) => request.split('/')[1]);
    await until(() => wanted.every((name) => asked().includes(name)), 'they are asked for');
    expect(exists(place.path('release/node_modules'))).toBe(false);
    await registry.close();
    expect(await failed).toBeInstanceOf(Error);
    expect(archives().sort()).toEqual(
      wanted.map((name) => `GET /${name}/-/${name}-${name === 'openclaw' ? VERSION : '1.0.0'}.tgz`),
    );
    registry = await startRegistry();
  });

  it('is not waited for by archives that are here, however slow the largest is', async () => {
    publishOddities();
    const order = await orderFor('release');
    registry.fault({ kind: 'slow', match: /openclaw-.*\.tgz$/, delayMs: 60_000 });
    const installing = installTree(order, () => {});
    const failed = installing.catch((error) => error);
    await until(
      () => exists(place.path('release/node_modules/plain/index.js')),
      'a small one is in its place',
    );
    expect(exists(place.path('release/node_modules/openclaw/package.json'))).toBe(false);
    await registry.close();
    expect(await failed).toBeInstanceOf(Error);
    registry = await startRegistry();
  });

  it('is not asked again for what came before an installation was interrupted', async () => {
    publishOddities();
    const resolved = await resolveRelease(
      { kind: 'version', version: VERSION },
      await place.options(registry.url),
    );
    const { directory, runtime, allowScripts, options } = await orderFor('release');
    registry.fault({ kind: 'slow', match: /modes-.*\.tgz$/, delayMs: 60_000 });
    const stop = new AbortController();
    const request = { resolved, directory, runtime, allowScripts, options };
    const interrupted = rejection(installRelease({ ...request, signal: stop.signal }));
    const others = [
      'openclaw',
      'plain',
      'twice',
      '@scope/scoped',
      '@scope/scoped/node_modules/twice',
      'other',
      'plugin',
      'host',
      'this-libc',
      'bundler',
    ];
    const inPlace = (name: string) => exists(place.path('release/node_modules', name, 'package.json'));
    await until(() => others.every(inPlace), 'all but one are in their places');
    stop.abort();
    expect(await interrupted).toMatchObject({ code: 'interrupted' });
    registry.clearFaults();
    await installRelease(request);
    const twice = archives().filter((request, at) => archives().indexOf(request) !== at);
    expect([...new Set(twice)]).toEqual(['GET /modes/-/modes-1.0.0.tgz']);
    expect(exists(place.path('release/.unpacking'))).toBe(false);
  });
});
