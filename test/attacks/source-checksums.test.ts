import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { ownFile } from '../../src/core/own-files.js';
import { installRelease } from '../../src/install/install.js';
import { openclawPackage } from '../registry/gateway-package.js';
import {
  install,
  json,
  place,
  registry,
  release,
  requestFor,
  scripted,
  VERSION,
} from '../support/source-install.js';
import { rejection } from '../support/source-place.js';

const TINY = /^\/tiny-dep(\/[^/]*)?$/;

interface Manifest {
  dist: Record<string, unknown>;
}

/** Changes what the registry says about each version of a package. */
function spoil(match: RegExp, change: (manifest: Manifest) => unknown): void {
  registry.fault({
    kind: 'odd-document',
    match,
    change: (document) => {
      for (const manifest of Object.values(document.versions ?? { alone: document }))
        change(manifest as Manifest);
      return document;
    },
  });
}

const withIntegrity = (integrity: unknown) => (manifest: Manifest) => {
  manifest.dist = { tarball: manifest.dist.tarball, ...(integrity !== undefined && { integrity }) };
};
const withoutChecksum = withIntegrity(undefined);
const sha1Of = (manifest: Manifest) => {
  const { tarball, shasum } = manifest.dist;
  manifest.dist = { tarball, shasum };
};
const isInstalled = (...names: string[]) => existsSync(release('node_modules', ...names));

/** Publishes a package with a manifest and files. */
function publish(name: string, manifest: object = {}, files: Record<string, string> = {}): void {
  const text = JSON.stringify({ name, version: '1.0.0', ...manifest });
  registry.publish({ name, version: '1.0.0', files: { 'package.json': text, ...files } });
}

describe('a registry', () => {
  test.each<[string, (manifest: Manifest) => unknown]>([
    ['no checksum', withoutChecksum],
    ['an empty checksum', withIntegrity('')],
    ['a checksum of nonsense', withIntegrity('trust-me')],
    ['a checksum of an unsafe kind', withIntegrity(`md5-${createHash('md5').digest('base64')}`)],
    ['a checksum that was cut off', withIntegrity('sha512-AAAA')],
    ['a checksum that is no text', withIntegrity(1)],
    ['a checksum in an object', withIntegrity({ sha512: 'x' })],
  ])('that gives %s for a dependency is refused by its name', async (_what, change) => {
    spoil(TINY, change);
    const error = await rejection(install());
    expect(error).toMatchObject({ code: 'registry_error', message: expect.stringContaining('tiny-dep') });
    expect(isInstalled('tiny-dep')).toBe(false);
  });

  test('that gives no checksum for an optional dependency is refused, and not passed over', async () => {
    publish('extra');
    spoil(/^\/extra/, withoutChecksum);
    registry.publish(withManifest({ optionalDependencies: { extra: '1.0.0' } }));
    expect(await rejection(staged())).toMatchObject({
      code: 'registry_error',
      message: expect.stringContaining('extra@1.0.0'),
    });
  });

  test('that gives no checksum for a package of another platform is refused', async () => {
    publish('elsewhere', { os: ['win32'] });
    spoil(/^\/elsewhere/, withoutChecksum);
    registry.publish(withManifest({ optionalDependencies: { elsewhere: '1.0.0' } }));
    expect(await rejection(staged())).toMatchObject({
      code: 'registry_error',
      message: expect.stringContaining('elsewhere@1.0.0'),
    });
  });

  test.each<[string, unknown]>([
    ['tags that are null', { 'dist-tags': null }],
    ['versions that are null', { versions: null }],
    ['versions in a list', { versions: [] }],
    ['no name', { name: null }],
  ])('that describes a dependency with %s is refused by its name', async (_what, odd) => {
    registry.fault({ kind: 'not-found', match: /^\/tiny-dep\/[^-]/ });
    registry.fault({
      kind: 'odd-document',
      match: /^\/tiny-dep$/,
      change: (document) => ({ ...document, ...(odd as object) }),
    });
    expect(await rejection(install())).toMatchObject({
      code: 'registry_error',
      message: expect.stringContaining('tiny-dep'),
    });
  });

  test('that gives only SHA-1 is accepted, and the packages are named', async () => {
    spoil(TINY, sha1Of);
    expect(await install()).toMatchObject({ weakChecksums: ['tiny-dep@1.0.0'] });
    expect(json('package-lock.json').packages['node_modules/tiny-dep'].integrity).toMatch(/^sha1-/);
  });

  test('that gives SHA-512 besides is proven by that', async () => {
    expect(await install()).toMatchObject({ weakChecksums: [] });
    expect(json('package-lock.json').packages['node_modules/tiny-dep'].integrity).toMatch(/^sha512-/);
  });
});

test('a shrinkwrap in an archive cannot name a package without a checksum', async () => {
  publish('inner');
  const shrinkwrap = {
    name: 'outer',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: {
      '': { name: 'outer', version: '1.0.0', dependencies: { inner: '1.0.0' } },
      'node_modules/inner': { version: '1.0.0', resolved: `${registry.url}inner/-/inner-1.0.0.tgz` },
    },
  };
  const manifest = { dependencies: { inner: '1.0.0' }, _hasShrinkwrap: true };
  publish('outer', manifest, { 'npm-shrinkwrap.json': JSON.stringify(shrinkwrap) });
  expect(await rejection(install({ dependencies: { outer: '1.0.0' } }))).toMatchObject({
    code: 'registry_error',
    message: expect.stringContaining('inner@1.0.0'),
  });
  expect(isInstalled('outer/node_modules/inner')).toBe(false);
});

describe('a lockfile', () => {
  type Locked = Record<string, Record<string, unknown>>;

  /** Stages again from the lockfile of the first stage, after a change, with a registry that has other bytes. */
  async function again(change: (packages: Locked) => unknown, isOwnLockfile = false) {
    await install();
    const lockfile = place.path('given.json');
    const given = json('package-lock.json');
    change(given.packages);
    writeFileSync(lockfile, JSON.stringify(given));
    const request = await requestFor({ kind: 'version', version: VERSION });
    registry.fault({ kind: 'wrong-integrity', match: /tiny-dep-.*\.tgz$/ });
    const options = { ...request.options, cache: place.path('other-cache') };
    return installRelease({ ...request, lockfile, isOwnLockfile, options, kept: [] });
  }
  const tiny = 'node_modules/tiny-dep';
  const spoilTiny = (change: object) => (packages: Locked) => {
    packages[tiny] = { ...packages[tiny], ...change };
  };

  test.each<[string, (packages: Locked) => unknown]>([
    ['says that a package is in a bundle', spoilTiny({ inBundle: true, integrity: undefined })],
    ['has no checksum for a package', spoilTiny({ integrity: undefined })],
    ['has nonsense for a checksum', spoilTiny({ integrity: 'trust-me' })],
    ['has a link', spoilTiny({ link: true, resolved: '/etc', integrity: undefined })],
    [
      'has a place outside',
      (packages) => {
        packages['node_modules/../../x'] = { ...packages[tiny] };
      },
    ],
    [
      'says of OpenClaw that it bundles what its archive lacks',
      (packages) => {
        const { integrity, ...locked } = packages[tiny] as { integrity: string };
        delete packages[tiny];
        packages[`node_modules/openclaw/${tiny}`] = { ...locked, inBundle: true };
        packages['node_modules/openclaw'] = {
          ...packages['node_modules/openclaw'],
          bundleDependencies: ['tiny-dep'],
        };
        expect(integrity).toMatch(/^sha512-/);
      },
    ],
  ])('that %s installs nothing', async (_what, change) => {
    expect(await rejection(again(change))).toMatchObject({
      code: 'lockfile_invalid',
      hint: expect.stringContaining('--no-lockfile'),
    });
    expect(isInstalled('tiny-dep')).toBe(false);
    expect(isInstalled('openclaw/node_modules/tiny-dep')).toBe(false);
  });

  test('with only SHA-1 is refused, and accepted with a warning when this host wrote it', async () => {
    const sha1 = `sha1-${createHash('sha1').update('other bytes').digest('base64')}`;
    const change = spoilTiny({ integrity: sha1 });
    expect(await rejection(again(change))).toMatchObject({
      code: 'lockfile_invalid',
      message: expect.stringContaining('SHA-1'),
    });
    registry.clearFaults();
    spoil(TINY, sha1Of);
    const request = await requestFor({ kind: 'version', version: VERSION });
    await installRelease(request);
    const lockfile = place.path('own.json');
    writeFileSync(lockfile, readFileSync(release('package-lock.json')));
    expect(await installRelease({ ...request, lockfile, isOwnLockfile: true })).toMatchObject({
      weakChecksums: ['tiny-dep@1.0.0'],
    });
    expect(await rejection(installRelease({ ...request, lockfile }))).toMatchObject({
      code: 'lockfile_invalid',
    });
  });
});

describe('the reason is named', () => {
  test.each<[object, string, string]>([
    [{ x: 'link:/x' }, 'install_failed', 'link:/x'],
    [{ '../../x': '1.0.0' }, 'install_failed', '../../x'],
    [{ '../../x': 'link:/x', '/abs': '*' }, 'install_failed', 'x'],
    [{ x: 'workspace:*' }, 'install_failed', 'workspace:*'],
    [{ '.bin': '*' }, 'install_failed', '.bin'],
    [{ x: 'file:../../..' }, 'archive_invalid', 'The dependency x is a directory'],
    [{ x: 'file:./dist' }, 'archive_invalid', 'The dependency x is a directory'],
  ])('when OpenClaw depends on %j', async (dependencies, code, reason) => {
    expect(await rejection(install({ dependencies: dependencies as Record<string, string> }))).toMatchObject({
      code,
      message: expect.stringContaining(reason),
    });
  });

  test('when a library throws where nobody waits for it', async () => {
    registry.publish(openclawPackage(VERSION));
    registry.fault({ kind: 'slow', match: /tgz$/, delayMs: 60_000 });
    const { resolved, ...request } = await requestFor({ kind: 'version', version: VERSION });
    const late = `const { stdin } = process;
      const { emit } = stdin;
      stdin.emit = (name, ...about) => {
        if (name === 'data') setImmediate(() => Promise.reject(new Error('nobody waited')));
        return emit.call(stdin, name, ...about);
      };`;
    const worker = spawn(process.execPath, [
      '--import',
      `data:text/javascript,${encodeURIComponent(late)}`,
      ownFile('dist/install/process/install-worker.cjs'),
    ]);
    const { version, integrity, tarball } = resolved;
    const order = {
      kind: 'install',
      version,
      integrity,
      tarball,
      ...request,
    };
    worker.stdin.write(`${JSON.stringify(order)}\n`);
    const answered = new Promise((resolve) => {
      createInterface({ input: worker.stdout }).on('line', (line) => {
        const said = JSON.parse(line);
        if (!('progress' in said)) resolve(said);
      });
    });
    const ended = once(worker, 'exit');
    expect(await answered).toMatchObject({
      error: { code: 'install_failed', message: expect.stringContaining('nobody waited') },
    });
    worker.kill('SIGKILL');
    await ended;
  });
});

function withManifest(change: object) {
  const pkg = scripted({});
  const manifest = JSON.parse(String(pkg.files['package.json']));
  return { ...pkg, files: { ...pkg.files, 'package.json': JSON.stringify({ ...manifest, ...change }) } };
}

async function staged() {
  return installRelease(await requestFor({ kind: 'version', version: VERSION }));
}
