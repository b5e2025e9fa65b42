import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identify, isAlive } from '../../src/host/process.js';
import { ownFile } from '../../src/own-files.js';
import { type InstallProgress, type InstallRequest, installRelease } from '../../src/source/install.js';
import { resolveRelease } from '../../src/source/resolve.js';
import type { Spec } from '../../src/source/spec.js';
import { type Behaviour, openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import { type PackageFiles, writeTarball } from '../registry/tarball.js';
import {
  exists,
  makePlace,
  type Place,
  processesNaming,
  rejection,
  until,
  workersOf,
} from '../support/source-place.js';

const VERSION = '2026.6.1';

let registry: Registry;
let place: Place;

beforeEach(async () => {
  place = makePlace();
  registry = await startRegistry();
  registry.publish(tinyDependency());
});

afterEach(async () => {
  await registry.close();
  place.dispose();
});

const release = (...names: string[]) => place.path('release', ...names);

async function requestFor(spec: Spec): Promise<InstallRequest> {
  const options = await place.options(registry.url);
  return {
    resolved: await resolveRelease(spec, options),
    directory: release(),
    runtime: { node: process.execPath, version: process.versions.node },
    allowScripts: [],
    options,
  };
}

/** Publishes a version, resolves it, and installs it. */
async function install(behaviour: Behaviour = {}, rest: Partial<InstallRequest> = {}) {
  registry.publish(openclawPackage(VERSION, behaviour));
  return installRelease({ ...(await requestFor({ kind: 'version', version: VERSION })), ...rest });
}

function json(...names: string[]) {
  return JSON.parse(readFileSync(release(...names), 'utf8'));
}

/** A version of OpenClaw whose scripts are these; `{node}` starts one of its own files with the release's Node. */
function scripted(scripts: Record<string, string>, files: Record<string, string> = {}): PackageFiles {
  const pkg = openclawPackage(VERSION);
  const manifest = JSON.parse(String(pkg.files['package.json']));
  manifest.scripts = { ...manifest.scripts, ...scripts };
  return { ...pkg, files: { ...pkg.files, ...files, 'package.json': JSON.stringify(manifest) } };
}

describe('installRelease', () => {
  it('lays out a release with an exact lockfile, ready to start', async () => {
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
    });
  });

  it('leaves alone what the caller put into the directory, and replaces what an earlier attempt left', async () => {
    registry.publish(openclawPackage(VERSION));
    const request = await requestFor({ kind: 'version', version: VERSION });
    await installRelease(request);
    symlinkSync('node_modules/openclaw/openclaw.mjs', release('main'));
    writeFileSync(release('node_modules/stale.txt'), '');
    await installRelease(request);
    expect(exists(release('main'))).toBe(true);
    expect(exists(release('node_modules/stale.txt'))).toBe(false);
  });

  it('runs the install script of a dependency only when it is allowed by name', async () => {
    await install();
    expect(exists(release('node_modules/tiny-dep/INSTALL_SCRIPT_RAN'))).toBe(false);
    const request = await requestFor({ kind: 'version', version: VERSION });
    const report = await installRelease({ ...request, allowScripts: ['tiny-dep'] });
    expect(exists(release('node_modules/tiny-dep/INSTALL_SCRIPT_RAN'))).toBe(true);
    expect(report).toMatchObject({ ranScripts: ['tiny-dep', 'openclaw'], skippedScripts: [] });
  });

  it('does not let a package borrow an allowed name', async () => {
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

  it('tells how far it is', async () => {
    const seen: InstallProgress[] = [];
    await install({}, { onProgress: (progress) => seen.push(progress) });
    expect([...new Set(seen.map(({ phase }) => phase))]).toEqual(['resolve', 'unpack', 'scripts']);
    expect(seen).toContainEqual({ phase: 'unpack', done: 2, total: 2 });
    expect(seen.at(-1)).toEqual({ phase: 'scripts', done: 1, total: 1 });
  });

  it('installs the same tree again from an exact lockfile, though newer versions exist', async () => {
    const first = await install();
    cpSync(release('package-lock.json'), place.path('exact.json'));
    registry.publish(tinyDependency('1.1.0'));
    const request = await requestFor({ kind: 'version', version: VERSION });
    // Another cache, so that what was cached before the publication cannot be what is installed.
    const options = { ...request.options, cache: place.path('other-cache') };
    const again = await installRelease({ ...request, options, lockfile: place.path('exact.json') });
    expect(again.lockfileDigest).toBe(first.lockfileDigest);
    const anew = await installRelease({ ...request, options });
    expect(anew.lockfileDigest).not.toBe(first.lockfileDigest);
    expect(json('node_modules/tiny-dep/package.json').version).toBe('1.1.0');
  });

  it('refuses a lockfile of another release, or one that leaves something out', async () => {
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

  it('keeps an archive in the release, so that its lockfile goes on naming something that is there', async () => {
    writeTarball(openclawPackage(VERSION), place.path('mine.tgz'));
    const request = await requestFor({ kind: 'file', path: place.path('mine.tgz') });
    await installRelease(request);
    const { packages } = json('package-lock.json');
    expect(packages['node_modules/openclaw']).toMatchObject({
      resolved: `file:openclaw-${VERSION}.tgz`,
      integrity: request.resolved.integrity,
    });
    expect(exists(release(`openclaw-${VERSION}.tgz`))).toBe(true);
    cpSync(release('package-lock.json'), place.path('exact.json'));
    await installRelease({ ...request, lockfile: place.path('exact.json') });
    expect(exists(release('node_modules/openclaw/.openclaw-lifecycle-pending'))).toBe(false);
  });

  it('refuses an archive that changed after it was looked at', async () => {
    writeTarball(openclawPackage(VERSION), place.path('mine.tgz'));
    const request = await requestFor({ kind: 'file', path: place.path('mine.tgz') });
    writeTarball(openclawPackage(VERSION, { engines: '>=18' }), place.path('mine.tgz'));
    expect(await rejection(installRelease(request))).toMatchObject({ code: 'integrity_mismatch' });
    expect(exists(release('node_modules'))).toBe(false);
  });

  it('picks dependencies for the Node of the release, not for its own', async () => {
    const pkg = tinyDependency('1.2.0');
    const manifest = { ...JSON.parse(String(pkg.files['package.json'])), engines: { node: '>=98' } };
    registry.publish({ ...pkg, files: { ...pkg.files, 'package.json': JSON.stringify(manifest) } });
    registry.tag('tiny-dep', 'latest', '1.0.0');
    await install({ dependencies: { 'tiny-dep': '>=1.0.0' } });
    expect(json('node_modules/tiny-dep/package.json').version).toBe('1.0.0');
  });
});

describe('faults of the registry', () => {
  it.each([
    ['OpenClaw', /openclaw-.*\.tgz$/],
    ['a dependency', /tiny-dep-.*\.tgz$/],
  ])('an archive of %s other than announced is never installed', async (_whose, match) => {
    registry.fault({ kind: 'wrong-integrity', match });
    expect(await rejection(install())).toMatchObject({ code: 'integrity_mismatch' });
    expect(exists(release('node_modules/openclaw/dist/postinstall-inventory.json'))).toBe(false);
  });

  it('an archive that is cut off is told from one that is wrong', async () => {
    registry.fault({ kind: 'cut-off', match: /\.tgz$/ });
    expect(await rejection(install())).toMatchObject({ code: 'registry_unreachable' });
  });

  it('a dependency that is not there fails the installation, and is named', async () => {
    const error = await rejection(install({ dependencies: { 'no-such-dep': '^1.0.0' } }));
    expect(error).toMatchObject({ code: 'install_failed', message: expect.stringContaining('no-such-dep') });
  });

  it('a registry that goes away in between is said to be unreachable', async () => {
    registry.publish(openclawPackage(VERSION));
    const request = await requestFor({ kind: 'version', version: VERSION });
    const { close } = registry;
    await close();
    registry = await startRegistry();
    // The packument is cached, the archives are not.
    const error = await rejection(installRelease(request));
    expect(error).toMatchObject({ code: 'registry_unreachable', untouched: expect.any(String) });
  });
});

describe('install scripts', () => {
  it('that fail are reported with what they said', async () => {
    expect(await rejection(install({ failPreinstall: true }))).toMatchObject({
      code: 'lifecycle_failed',
      message: expect.stringMatching(/preinstall script of openclaw .*code 1.*as it was asked to/),
    });
  });

  it('that leave the package locked fail the installation', async () => {
    registry.publish(scripted({ preinstall: 'node --version' }));
    const request = await requestFor({ kind: 'version', version: VERSION });
    expect(await rejection(installRelease(request))).toMatchObject({
      code: 'lifecycle_failed',
      message: expect.stringContaining('.openclaw-lifecycle-pending'),
    });
  });

  it('run on the Node of the release, in a home of their own, and know nothing of the gateway and its secrets', async () => {
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

  it('find what npm brings along to build with', async () => {
    registry.publish(scripted({ postinstall: '(command -v node-gyp; node-gyp --version) > found.txt' }));
    await installRelease(await requestFor({ kind: 'version', version: VERSION }));
    const ours = ownFile('node_modules/@npmcli/run-script/lib/node-gyp-bin/node-gyp');
    const [path, version] = readFileSync(release('node_modules/openclaw/found.txt'), 'utf8').split('\n');
    expect({ path, version }).toEqual({ path: ours, version: expect.stringMatching(/^v\d+\./) });
  });

  it('that leave something running do not get to keep it', async () => {
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

  it('that do not end are killed with all they started', async () => {
    registry.publish(
      scripted(
        { postinstall: 'node linger.mjs' },
        {
          'linger.mjs': `import { spawn } from 'node:child_process';
            const wait = ['-e', 'setInterval(() => {}, 1000)', process.cwd()];
            spawn(process.execPath, wait, { detached: true, stdio: 'inherit' });
            setInterval(() => {}, 1000);`,
        },
      ),
    );
    const request = await requestFor({ kind: 'version', version: VERSION });
    expect(await rejection(installRelease({ ...request, scriptsTimeoutMs: 1_500 }))).toMatchObject({
      code: 'lifecycle_failed',
      message: expect.stringContaining('did not end'),
    });
    await until(() => processesNaming(place.directory).length === 0, 'no process of it is left');
  });
});

describe('on what a gateway leaves', () => {
  it('it is installed by a process that is hurried when it takes long', async () => {
    const [mark, sign] = [`TEST_MARK=${place.directory}`, place.path('hurried')];
    const wait = `import { existsSync } from 'node:fs';
      setInterval(() => existsSync(${JSON.stringify(sign)}) && process.exit(), 20);`;
    registry.publish(scripted({ postinstall: 'node wait.mjs' }, { 'wait.mjs': wait }));
    const found: string[] = [];
    const hurry = async (pid: number) => {
      found.push(readFileSync(`/proc/${pid}/environ`, 'utf8'));
      writeFileSync(sign, '');
    };
    const request = await requestFor({ kind: 'version', version: VERSION });
    await installRelease({ ...request, background: { command: ['env', mark], patienceMs: 500, hurry } });
    expect(found).toEqual([expect.stringContaining(mark)]);
  });

  it('it is installed all the same where that cannot be had', async () => {
    registry.publish(openclawPackage(VERSION));
    const request = await requestFor({ kind: 'version', version: VERSION });
    const hurry = () => Promise.reject(new Error('not asked for'));
    for (const command of [['false'], ['no-such-program']]) {
      await installRelease({ ...request, background: { command, patienceMs: 0, hurry } });
    }
  });
});

describe('stopping', () => {
  it.each([
    ['while it downloads', 'unpack'],
    ['while scripts run', 'scripts'],
  ])('leaves no process %s', async (_when, phase) => {
    registry.publish(scripted({ postinstall: 'node -e "setInterval(() => {}, 1000)"' }));
    const request = await requestFor({ kind: 'version', version: VERSION });
    if (phase === 'unpack') registry.fault({ kind: 'slow', match: /tiny-dep-.*\.tgz$/, delayMs: 30_000 });
    const stop = new AbortController();
    const onProgress = (progress: InstallProgress) => {
      if (progress.phase === phase) stop.abort();
    };
    const startedAt = performance.now();
    expect(await rejection(installRelease({ ...request, signal: stop.signal, onProgress }))).toMatchObject({
      code: 'interrupted',
    });
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    await until(() => workersOf().length === 0, 'no worker is left');
  });

  it('before it began starts nothing', async () => {
    registry.publish(openclawPackage(VERSION));
    const request = await requestFor({ kind: 'version', version: VERSION });
    expect(await rejection(installRelease({ ...request, signal: AbortSignal.abort() }))).toMatchObject({
      code: 'interrupted',
    });
    expect(exists(release())).toBe(false);
  });

  it('is what the worker does when whoever started it is killed', async () => {
    registry.publish(openclawPackage(VERSION));
    registry.fault({ kind: 'slow', match: /tiny-dep-.*\.tgz$/, delayMs: 60_000 });
    const request = await requestFor({ kind: 'version', version: VERSION });
    writeFileSync(
      place.path('parent.mjs'),
      `import { installRelease } from '${new URL('../../dist/source/install.js', import.meta.url)}';
       await installRelease(${JSON.stringify(request)});`,
    );
    const parent = spawn(process.execPath, [place.path('parent.mjs')], { stdio: 'ignore' });
    const working = () => workersOf(parent.pid).length > 0 && exists(release('node_modules'));
    await until(working, 'the worker is at work');
    const [worker] = workersOf(parent.pid).map(identify);
    expect(worker && getPriority(worker.pid)).toBe(10);
    const group = `/proc/${worker?.pid}/autogroup`;
    // Where the kernel groups by session, only that counts beside the gateway.
    if (existsSync(group)) expect(readFileSync(group, 'utf8')).toMatch(/ nice 10\n$/);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await until(() => !worker || !isAlive(worker), 'the worker is gone');
  });
});
