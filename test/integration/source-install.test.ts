import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ownFile } from '../../src/core/own-files.js';
import { identify, isAlive } from '../../src/host/process.js';
import { type InstallProgress, installRelease } from '../../src/install/install.js';
import { openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { writeTarball } from '../registry/tarball.js';
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
import { exists, processesNaming, rejection, until, workersOf } from '../support/source-place.js';

describe('installRelease', () => {
  test('lays out a release with an exact lockfile, ready to start', async () => {
    const report = await install();
    expect(readdirSync(release()).sort()).toEqual(['node_modules', 'package-lock.json', 'package.json']);
    expect(json('package.json')).toMatchObject({ private: true, dependencies: { openclaw: VERSION } });
    expect(json('node_modules/openclaw/package.json').version).toBe(VERSION);
    expect(exists(release('node_modules/openclaw/.openclaw-lifecycle-pending'))).toBe(false);
    expect(exists(release('node_modules/openclaw/dist/postinstall-inventory.json'))).toBe(true);
    const { packages } = json('package-lock.json');
    expect(packages['node_modules/tiny-dep']).toMatchObject({ integrity: expect.stringMatching(/^sha512-/) });
    expect(packages['node_modules/openclaw']).toMatchObject({
      version: VERSION,
      resolved: `${registry.url}openclaw/-/openclaw-${VERSION}.tgz`,
      integrity: expect.stringMatching(/^sha512-/),
    });
    const digest = createHash('sha256')
      .update(readFileSync(release('package-lock.json')))
      .digest('hex');
    expect(report).toEqual({
      lockfileDigest: digest,
      packages: 2,
      ranScripts: ['openclaw'],
      skippedScripts: ['tiny-dep'],
      weakChecksums: [],
      sharedBytes: 0,
      asInstalled: false,
    });
  });

  test('runs the install script of a dependency only when it is allowed by name', async () => {
    await install();
    expect(exists(release('node_modules/tiny-dep/INSTALL_SCRIPT_RAN'))).toBe(false);
    const request = await requestFor({ kind: 'version', version: VERSION });
    const report = await installRelease({ ...request, allowScripts: ['tiny-dep'] });
    expect(exists(release('node_modules/tiny-dep/INSTALL_SCRIPT_RAN'))).toBe(true);
    expect(report).toMatchObject({ ranScripts: ['tiny-dep', 'openclaw'], skippedScripts: [] });
  });

  test('names the way past an installed tree that the registry does not have any more', async () => {
    await install();
    cpSync(release('node_modules'), place.path('old/node_modules'), { recursive: true });
    rmSync(place.path('old/node_modules/.package-lock.json'));
    const path = place.path('old/node_modules/tiny-dep/package.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"version": ?"[^"]*"/, '"version":"1.9.9"'));
    const request = await requestFor({ kind: 'version', version: VERSION });
    const installed = place.path('old/node_modules/openclaw');
    await expect(installRelease({ ...request, installed })).rejects.toMatchObject({
      code: 'install_failed',
      hint: expect.stringContaining('openclaw-releases adopt --no-lockfile'),
    });
  });

  test('does not let a package borrow an allowed name', async () => {
    registry.publish({
      ...tinyDependency(),
      name: 'borrower',
      files: {
        ...tinyDependency().files,
        'package.json': String(tinyDependency().files['package.json']).replace('"tiny-dep"', '"borrower"'),
      },
    });
    const dependencies = { 'tiny-dep': 'npm:borrower@1.0.0' };
    const report = await install({ dependencies }, { allowScripts: ['tiny-dep', 'borrower'] });
    expect(exists(release('node_modules/tiny-dep/INSTALL_SCRIPT_RAN'))).toBe(false);
    expect(report).toMatchObject({ ranScripts: ['openclaw'], skippedScripts: ['borrower'] });
  });

  test('reports its progress', async () => {
    const seen: InstallProgress[] = [];
    await install({}, { onProgress: (progress) => seen.push(progress) });
    expect([...new Set(seen.map(({ phase }) => phase))]).toEqual(['resolve', 'unpack', 'scripts']);
    expect(seen).toContainEqual({ phase: 'unpack', done: 2, total: 2, bytes: expect.any(Number) });
    const fetched = seen.map(({ bytes = 0 }) => bytes);
    expect(Math.max(...fetched)).toBeGreaterThan(1000);
    expect(seen.at(-1)).toEqual({ phase: 'scripts', done: 1, total: 1 });
  });

  test('refuses a lockfile of another release, or an incomplete one', async () => {
    await install();
    const lockfile = place.path('other.json');
    const lock = json('package-lock.json');
    const request = { ...(await requestFor({ kind: 'version', version: VERSION })), lockfile };
    const { 'node_modules/tiny-dep': left, ...packages } = lock.packages;
    writeFileSync(lockfile, JSON.stringify({ ...lock, packages }));
    expect(left).toBeTruthy();
    expect(await rejection(installRelease(request))).toMatchObject({ code: 'lockfile_invalid' });
    packages['node_modules/openclaw'].integrity = `sha512-${'A'.repeat(86)}==`;
    writeFileSync(lockfile, JSON.stringify({ ...lock, packages }));
    expect(await rejection(installRelease(request))).toMatchObject({ code: 'lockfile_invalid' });
    writeFileSync(lockfile, 'no lockfile');
    expect(await rejection(installRelease(request))).toMatchObject({ code: 'lockfile_invalid' });
  });

  test('refuses an archive that changed after it was resolved', async () => {
    writeTarball(openclawPackage(VERSION), place.path('mine.tgz'));
    const request = await requestFor({ kind: 'file', path: place.path('mine.tgz') });
    writeTarball(openclawPackage(VERSION, { engines: '>=18' }), place.path('mine.tgz'));
    expect(await rejection(installRelease(request))).toMatchObject({ code: 'integrity_mismatch' });
    expect(exists(release('node_modules'))).toBe(false);
  });

  test('picks dependencies for the Node of the release, not for its own', async () => {
    const pkg = tinyDependency('1.2.0');
    const manifest = { ...JSON.parse(String(pkg.files['package.json'])), engines: { node: '>=98' } };
    registry.publish({ ...pkg, files: { ...pkg.files, 'package.json': JSON.stringify(manifest) } });
    registry.tag('tiny-dep', 'latest', '1.0.0');
    await install({ dependencies: { 'tiny-dep': '>=1.0.0' } });
    expect(json('node_modules/tiny-dep/package.json').version).toBe('1.0.0');
  });
});

describe('install scripts', () => {
  test('that fail are reported with their output', async () => {
    expect(await rejection(install({ failPreinstall: true }))).toMatchObject({
      code: 'lifecycle_failed',
      message: expect.stringMatching(/preinstall script of openclaw .*code 1.*as it was asked to/),
    });
  });

  test('that leave the package locked fail the installation', async () => {
    registry.publish(scripted({ preinstall: 'node --version' }));
    const request = await requestFor({ kind: 'version', version: VERSION });
    expect(await rejection(installRelease(request))).toMatchObject({
      code: 'lifecycle_failed',
      message: expect.stringContaining('.openclaw-lifecycle-pending'),
    });
  });

  test('run on the Node of the release, in a home of their own, and know nothing of the gateway and its secrets', async () => {
    const saved = { ...process.env };
    Object.assign(process.env, { OPENCLAW_STATE_DIR: '/elsewhere', SOME_API_KEY: 'secret', LC_TEST: 'kept' });
    try {
      symlinkSync(process.execPath, place.path('renamed-node'));
      registry.publish(
        scripted(
          { postinstall: 'node dump.mjs' },
          {
            'dump.mjs': `import { writeFileSync } from 'node:fs';
              import { homedir, tmpdir } from 'node:os';
              const place = { home: homedir(), temporary: tmpdir() };
              writeFileSync('dump.json', JSON.stringify({ env: process.env, node: process.execPath, ...place }));`,
          },
        ),
      );
      const request = await requestFor({ kind: 'version', version: VERSION });
      await installRelease({
        ...request,
        runtime: { node: place.path('renamed-node'), version: process.versions.node },
      });
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in saved)) delete process.env[name];
    }
    const { env, node, home, temporary } = json('node_modules/openclaw/dump.json');
    expect(node).toBe(process.execPath);
    expect(env).toMatchObject({
      LC_TEST: 'kept',
      INIT_CWD: release(),
      npm_lifecycle_event: 'postinstall',
      npm_config_registry: registry.url,
      npm_config_userconfig: place.path('npmrc'),
      npm_config_user_agent: expect.stringContaining(`node/v${process.versions.node}`),
    });
    for (const path of [home, temporary]) {
      expect(path.startsWith(release())).toBe(true);
      expect(exists(path)).toBe(false);
    }
    expect(Object.keys(env).filter((name) => /^OPENCLAW|API_KEY|_KEYS$/.test(name))).toEqual([
      'OPENCLAW_RELEASES_WORKPLACE',
    ]);
    expect(readdirSync(release()).sort()).toEqual(['node_modules', 'package-lock.json', 'package.json']);
  });

  test('find the build tools that npm contains', async () => {
    registry.publish(scripted({ postinstall: '(command -v node-gyp; node-gyp --version) > found.txt' }));
    await installRelease(await requestFor({ kind: 'version', version: VERSION }));
    const ours = ownFile('node_modules/@npmcli/run-script/lib/node-gyp-bin/node-gyp');
    const [path, version] = readFileSync(release('node_modules/openclaw/found.txt'), 'utf8').split('\n');
    expect({ path, version }).toEqual({ path: ours, version: expect.stringMatching(/^v\d+\./) });
  });

  test('that leave a process running lose it', async () => {
    registry.publish(
      scripted(
        { postinstall: 'node leave.mjs' },
        {
          'leave.mjs': `import { spawn } from 'node:child_process';
            const wait = ['-e', 'setInterval(() => {}, 1000)', process.cwd()];
            spawn(process.execPath, wait, { stdio: 'ignore' }).unref();`,
        },
      ),
    );
    await installRelease(await requestFor({ kind: 'version', version: VERSION }));
    await until(() => processesNaming(place.directory).length === 0, 'no process of it is left');
  });
});

/** Milliseconds of a download that takes longer than a stop. */
const SLOW_MS = 30_000;

describe('stopping', () => {
  test.each([
    ['while it downloads', 'unpack'],
    ['while scripts run', 'scripts'],
  ])('leaves no process %s', async (_when, phase) => {
    registry.publish(scripted({ postinstall: 'node -e "setInterval(() => {}, 1000)"' }));
    const request = await requestFor({ kind: 'version', version: VERSION });
    if (phase === 'unpack') registry.fault({ kind: 'slow', match: /tiny-dep-.*\.tgz$/, delayMs: SLOW_MS });
    const stop = new AbortController();
    let stoppedAt = Number.NaN;
    const onProgress = (progress: InstallProgress) => {
      if (progress.phase !== phase || stop.signal.aborted) return;
      stoppedAt = performance.now();
      stop.abort();
    };
    expect(await rejection(installRelease({ ...request, signal: stop.signal, onProgress }))).toMatchObject({
      code: 'interrupted',
    });
    // It waits neither for the download nor for the script, which never ends.
    expect(performance.now() - stoppedAt).toBeLessThan(SLOW_MS);
    await until(() => workersOf().length === 0, 'no worker is left');
  });

  test('before it began starts nothing', async () => {
    registry.publish(openclawPackage(VERSION));
    const request = await requestFor({ kind: 'version', version: VERSION });
    expect(await rejection(installRelease({ ...request, signal: AbortSignal.abort() }))).toMatchObject({
      code: 'interrupted',
    });
    expect(exists(release())).toBe(false);
  });

  test('happens in the worker when the process that started it is killed', async () => {
    registry.publish(openclawPackage(VERSION));
    registry.fault({ kind: 'slow', match: /tiny-dep-.*\.tgz$/, delayMs: 60_000 });
    const request = await requestFor({ kind: 'version', version: VERSION });
    writeFileSync(
      place.path('parent.mjs'),
      `import { installRelease } from '${new URL('../../dist/install/install.js', import.meta.url)}';
       await installRelease(${JSON.stringify(request)});`,
    );
    const parent = spawn(process.execPath, [place.path('parent.mjs')], { stdio: 'ignore' });
    const working = () => workersOf(parent.pid).length > 0 && exists(release('node_modules'));
    await until(working, 'the worker is at work');
    const [worker] = workersOf(parent.pid).map(identify);
    // Lower than its caller's, which need not be the usual one.
    expect(worker && getPriority(worker.pid)).toBe(Math.min(19, getPriority() + 10));
    const group = `/proc/${worker?.pid}/autogroup`;
    // Autogroups: only the nice value of the group counts beside the gateway.
    if (existsSync(group)) expect(readFileSync(group, 'utf8')).toMatch(/ nice 10\n$/);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await until(() => !worker || !isAlive(worker), 'the worker is gone');
  });
});
