import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { installRelease } from '../../src/install/install.js';
import { openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { writeTarball } from '../registry/tarball.js';
import {
  install,
  json,
  place,
  registry,
  release,
  replaceRegistry,
  requestFor,
  scripted,
  VERSION,
} from '../support/source-install.js';
import { exists, processesNaming, rejection, until } from '../support/source-place.js';

describe('installRelease', () => {
  test('keeps what the caller put into the directory, and replaces what an earlier attempt left', async () => {
    registry.publish(openclawPackage(VERSION));
    const request = await requestFor({ kind: 'version', version: VERSION });
    await installRelease(request);
    symlinkSync('node_modules/openclaw/openclaw.mjs', release('main'));
    writeFileSync(release('node_modules/stale.txt'), '');
    await installRelease(request);
    expect(exists(release('main'))).toBe(true);
    expect(exists(release('node_modules/stale.txt'))).toBe(false);
  });

  test('installs the same tree again from an exact lockfile, though newer versions exist', async () => {
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

  test('keeps an archive in the release, so that its lockfile names an existing file', async () => {
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
});

describe('faults of the registry', () => {
  test.each([
    ['OpenClaw', /openclaw-.*\.tgz$/],
    ['a dependency', /tiny-dep-.*\.tgz$/],
  ])('an archive of %s other than announced is never installed', async (_whose, match) => {
    registry.fault({ kind: 'wrong-integrity', match });
    expect(await rejection(install())).toMatchObject({ code: 'integrity_mismatch' });
    expect(exists(release('node_modules/openclaw/dist/postinstall-inventory.json'))).toBe(false);
  });

  test('a truncated archive is reported differently from a wrong one', async () => {
    registry.fault({ kind: 'cut-off', match: /\.tgz$/ });
    expect(await rejection(install())).toMatchObject({ code: 'registry_unreachable' });
  });

  test('a missing dependency fails the installation, and is named', async () => {
    const error = await rejection(install({ dependencies: { 'no-such-dep': '^1.0.0' } }));
    expect(error).toMatchObject({ code: 'install_failed', message: expect.stringContaining('no-such-dep') });
  });

  test('a registry that goes away in between is reported as unreachable', async () => {
    registry.publish(openclawPackage(VERSION));
    const request = await requestFor({ kind: 'version', version: VERSION });
    await replaceRegistry();
    // The packument is cached, the archives are not.
    const error = await rejection(installRelease(request));
    expect(error).toMatchObject({ code: 'registry_unreachable', untouched: expect.any(String) });
  });
});

describe('install scripts', () => {
  test('that do not end are killed with all they started', async () => {
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

describe('an installation on what a gateway leaves', () => {
  test('is made by a process that is hurried when it takes long', async () => {
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

  test('is made all the same where that is not available', async () => {
    registry.publish(openclawPackage(VERSION));
    const request = await requestFor({ kind: 'version', version: VERSION });
    const hurry = () => Promise.reject(new Error('not asked for'));
    for (const command of [['false'], ['no-such-program']]) {
      await installRelease({ ...request, background: { command, patienceMs: 0, hurry } });
    }
  });
});
