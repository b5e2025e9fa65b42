import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeVersion } from '../../src/install/probe.js';
import { fetchRuntime } from '../../src/install/runtime.js';
import { chooseRuntime, type RuntimeRequest } from '../../src/registry/runtime.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import type { PackageFiles } from '../registry/tarball.js';
import { nameKeys } from '../support/name-keys.js';
import {
  exists,
  makePlace,
  type Place,
  processesNaming,
  rejection,
  until,
  workersOf,
} from '../support/source-place.js';

const NAME = `node-${process.platform}-${process.arch}`;
const HOST = { path: process.execPath, version: '20.19.0' };

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

/** A Node of a few bytes: it can only print its version. */
function nodePackage(version: string): PackageFiles {
  return {
    name: NAME,
    version,
    files: {
      'package.json': JSON.stringify({ name: NAME, version, bin: { node: 'bin/node' } }),
      'bin/node': { text: `#!/bin/sh\necho 'v${version}'\n`, mode: 0o755 },
      'include/node/node.h': '',
      'share/man/man1/node.1': '',
      LICENSE: 'MIT',
    },
  };
}

async function choose(rest: Partial<RuntimeRequest>) {
  const options = await place.options(registry.url);
  return chooseRuntime({ engines: null, hostNode: HOST, present: [], options, ...rest });
}

describe('chooseRuntime', () => {
  beforeEach(() => {
    for (const version of ['22.21.0', '22.22.3', '22.23.1', '23.0.0', '24.15.0', '24.21.0']) {
      registry.publish(nodePackage(version));
    }
  });

  it.each([null, '>=20', '>=18 <19 || >=20.19'])('takes the Node of the host for %j', async (engines) => {
    expect(await choose({ engines })).toEqual({ kind: 'host', ...HOST });
    expect(registry.requests).toEqual([]);
  });

  it('takes the newest one on the host that fits before it asks the registry', async () => {
    expect(await choose({ engines: '>=22', present: ['22.0.0', '24.15.0', '24.9.0', 'junk'] })).toEqual({
      kind: 'carried',
      version: '24.15.0',
      package: NAME,
      integrity: null,
      present: true,
    });
    expect(registry.requests).toEqual([]);
  });

  it.each([
    ['>=22.22.3 <23 || >=24.15 <25 || >=25.9', '22.23.1'],
    ['>=24.16 <25 || >=26.1', '24.21.0'],
    ['>=22.23.2', '24.21.0'],
    ['22.22.3', '22.22.3'],
  ])('takes the newest of the lowest even line for %j', async (engines, version) => {
    expect(await choose({ engines, present: ['20.0.0'] })).toEqual({
      kind: 'carried',
      version,
      package: NAME,
      integrity: expect.stringMatching(/^sha512-/),
      present: false,
    });
  });

  it('respects the date that npm is told to stay before', async () => {
    const options = await place.options(registry.url);
    registry.publish(nodePackage('22.24.0'), { publishedAt: new Date('2999-01-01') });
    expect(
      await choose({ engines: '22', options: { ...options, before: new Date('2998-01-01') } }),
    ).toMatchObject({
      version: '22.23.1',
    });
  });

  it.each(['>=23 <24', '>=98', 'junk'])('reports what is missing when nothing fits %j', async (engines) => {
    expect(await rejection(choose({ engines }))).toMatchObject({
      code: 'node_unavailable',
      hint: expect.stringContaining(engines),
    });
  });

  it('reports that the registry has no Node for the platform', async () => {
    const platform = { platform: 'sunos', arch: 'sparc', glibc: false };
    expect(await rejection(choose({ engines: '>=22', platform }))).toMatchObject({
      code: 'node_unavailable',
    });
  });

  it('offers a Linux without glibc no Node that would not run there', async () => {
    const platform = { platform: 'linux', arch: 'x64', glibc: false };
    const error = await rejection(choose({ engines: '>=22', platform }));
    expect(error).toMatchObject({ code: 'node_unavailable', message: expect.stringContaining('glibc') });
    expect(registry.requests).toEqual([]);
  });

  it('refuses one with a wrong signature', async () => {
    await nameKeys(registry, place.path('registry-keys.json'));
    registry.fault({ kind: 'wrong-signature' });
    expect(await rejection(choose({ engines: '>=22' }))).toMatchObject({ code: 'signature_invalid' });
  });
});

describe('fetchRuntime', () => {
  async function fetch(signal?: AbortSignal) {
    const choice = await choose({ engines: '>=22' });
    await fetchRuntime(choice, place.path('node'), await place.options(registry.url), signal);
  }

  it('leaves a Node that runs, its licence, and nothing to build against', async () => {
    registry.publish(nodePackage('22.23.1'));
    await fetch();
    expect(
      ['bin/node', 'LICENSE', 'include', 'share'].map((name) => exists(place.path('node', name))),
    ).toEqual([true, true, false, false]);
  });

  it.each([
    ['is another version', "echo 'v22.23.0'", 'it says v22.23.0'],
    ['does not run here', "echo 'GLIBC_2.99 not found' >&2; exit 1", 'code 1: GLIBC_2.99 not found'],
  ])('refuses a Node that %s', async (_what, script, reason) => {
    const odd = nodePackage('22.23.1');
    odd.files['bin/node'] = `#!/bin/sh\n${script}\n`;
    registry.publish(odd);
    expect(await rejection(fetch())).toMatchObject({
      code: 'node_unavailable',
      message: expect.stringContaining(reason),
    });
  });

  it('refuses a package without a Node in it', async () => {
    const empty = nodePackage('22.23.1');
    registry.publish({ ...empty, files: { 'package.json': String(empty.files['package.json']) } });
    expect(await rejection(fetch())).toMatchObject({ code: 'node_unavailable' });
  });

  it('refuses a Node other than announced', async () => {
    registry.publish(nodePackage('22.23.1'));
    registry.fault({ kind: 'wrong-integrity' });
    expect(await rejection(fetch())).toMatchObject({ code: 'integrity_mismatch' });
  });

  it('leaves no process when it is stopped', async () => {
    registry.publish(nodePackage('22.23.1'));
    registry.fault({ kind: 'slow', match: /\.tgz$/, delayMs: 30_000 });
    const stop = new AbortController();
    const fetching = rejection(fetch(stop.signal));
    await until(() => workersOf().length > 0, 'the worker is at work');
    stop.abort();
    expect(await fetching).toMatchObject({ code: 'interrupted' });
    await until(() => workersOf().length === 0, 'the worker is gone');
  });
});

describe('probeVersion', () => {
  function probe(program: string, signal?: AbortSignal) {
    const main = place.path('main.mjs');
    writeFileSync(main, program);
    return probeVersion({ node: process.execPath, main, scratch: place.path('scratch'), signal });
  }

  it.each([
    ['OpenClaw 2026.9.2 (3928bad)', '2026.9.2'],
    ['2026.7.1-2', '2026.7.1-2'],
    ['a warning first\nopenclaw 2026.7.2-beta.3', '2026.7.2-beta.3'],
  ])('finds the version in %j', async (output, version) => {
    expect(await probe(`if (process.argv[2] === '--version') console.log(${JSON.stringify(output)});`)).toBe(
      version,
    );
    expect(exists(place.path('scratch'))).toBe(false);
  });

  it('gives the program a home and a state of its own, which it removes', async () => {
    const version = await probe(`
      const { HOME, TMPDIR, OPENCLAW_STATE_DIR } = process.env;
      const own = [HOME, TMPDIR, OPENCLAW_STATE_DIR, process.cwd()];
      console.log(own.every((path) => path.startsWith(${JSON.stringify(place.path('scratch'))})) ? '1.0.0' : '2.0.0');
    `);
    expect(version).toBe('1.0.0');
    expect(exists(place.path('scratch'))).toBe(false);
  });

  it('reports why a program does not start', async () => {
    expect(await rejection(probe(`console.error('Cannot find module'); process.exit(1);`))).toMatchObject({
      code: 'probe_failed',
      message: expect.stringContaining('code 1: Cannot find module'),
    });
    expect(exists(place.path('scratch'))).toBe(false);
  });

  it('reports that a program prints no version', async () => {
    expect(await rejection(probe(`console.log('hello');`))).toMatchObject({ code: 'probe_failed' });
  });

  it('leaves no process when it is stopped', async () => {
    const stop = new AbortController();
    const probing = rejection(
      probe(
        `import { spawn } from 'node:child_process';
         const wait = ['-e', 'setInterval(() => {}, 1000)', process.argv[1]];
         spawn(process.execPath, wait, { detached: true, stdio: 'inherit' });
         setInterval(() => {}, 1000);`,
        stop.signal,
      ),
    );
    await until(() => processesNaming(place.path('main.mjs')).length === 2, 'it runs, and what it started');
    stop.abort();
    expect(await probing).toMatchObject({ code: 'interrupted' });
    await until(() => processesNaming(place.path('main.mjs')).length === 0, 'both are gone');
  });
});
