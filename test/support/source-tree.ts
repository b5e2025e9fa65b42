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
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect } from 'vitest';
import type { InstallOrder } from '../../src/install/messages.js';
import type { KeptRelease } from '../../src/install/process/reuse.js';
import { resolveRelease } from '../../src/registry/resolve.js';
import { DIGESTS_FILE, digestTree } from '../../src/store/tree.js';
import { openclawPackage } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import type { PackageFiles } from '../registry/tarball.js';
import { removeDirectory } from './place.js';
import { makePlace, type Place } from './source-place.js';

export const VERSION = '2026.6.1';

/** Registry and place of the current test. */
export let registry: Registry;
export let place: Place;

beforeEach(async () => {
  place = makePlace();
  registry = await startRegistry();
});

afterEach(async () => {
  await registry.close();
  place.dispose();
});

/** A package that has nothing but what is asked for. */
export function publish(
  name: string,
  version: string,
  manifest: object = {},
  files: PackageFiles['files'] = {},
): void {
  const text = JSON.stringify({ name, version, ...manifest });
  registry.publish({ name, version, files: { 'package.json': text, 'index.js': `// ${name}\n`, ...files } });
}

/** OpenClaw with everything in its tree that npm treats in a way of its own. */
export function publishOddities(): void {
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

export function odd(
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

export async function orderFor(
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
  const plain = {
    kind: 'install' as const,
    allowScripts: [],
    lockfile: null,
    kept: [],
    share: 'none' as const,
    installed: null,
    isOwnLockfile: false,
    options,
  };
  return { ...plain, directory: place.path(directory), version, integrity, tarball, runtime, ...rest };
}

export async function announced(
  asked: string,
): Promise<Pick<InstallOrder, 'version' | 'integrity' | 'tarball'>> {
  const options = await place.options(registry.url);
  const { version, integrity, tarball } = await resolveRelease({ kind: 'version', version: asked }, options);
  return { version, integrity, tarball };
}

/** Every path below a directory with its kind, its mode, and what is in it. */
export function contentsOf(directory: string, below = ''): Record<string, string> {
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

export function mode(bits: number): string {
  return (bits & 0o7777).toString(8);
}

/** Tree that npm itself makes from the lockfile. */
export async function asNpmDoes(directory: string): Promise<string> {
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

/** Additions of a sealed release: the list of its files, and no right to write to any. */
export async function sealed(name: string): Promise<KeptRelease> {
  const directory = place.path(name);
  const { text, digest: treeDigest } = await digestTree(directory);
  for (const [path, what] of Object.entries(contentsOf(directory)))
    if (!what.startsWith('->')) chmodSync(join(directory, path), Number.parseInt(what, 8) & 0o555);
  writeFileSync(join(directory, DIGESTS_FILE), text);
  return { directory, treeDigest };
}

/** Adds to a file that was made read-only, as a disk or root can. */
export function damageSealed(path: string, text = '// damaged'): void {
  chmodSync(path, 0o644);
  appendFileSync(path, text);
}

/** Removes a file, or a directory with all below it, out of directories that were made read-only. */
export function removeSealed(path: string): void {
  chmodSync(dirname(path), 0o755);
  if (lstatSync(path).isDirectory()) removeDirectory(path);
  else rmSync(path);
}

/** Gives every archive in the cache other bytes in its middle. */
export function damageCache(): void {
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

/** Closes the registry and what waits for it; a new one takes its place. */
export async function replaceRegistry(): Promise<void> {
  await registry.close();
  registry = await startRegistry();
}
