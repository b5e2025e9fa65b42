import { execFileSync } from 'node:child_process';
import { readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeVersion } from '../../src/install/probe.js';
import { provideRuntime } from '../../src/install/runtime.js';
import type { RuntimeChoice } from '../../src/registry/node-choice.js';
import { chooseRuntime, type RuntimeRequest } from '../../src/registry/runtime.js';
import { prepareRoot, rootAt } from '../../src/store/root.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import type { PackageFiles } from '../registry/tarball.js';
import { nameKeys } from '../support/name-keys.js';
import { writeTree } from '../support/place.js';
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
const HOST = { path: process.execPath, version: '20.19.0', shared: [] };

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

/** A Node below `runtimes`. */
const HERE = { path: null, shared: [] };

async function choose(rest: Partial<RuntimeRequest>) {
  const options = await place.options(registry.url);
  return chooseRuntime({ engines: null, nodes: [HOST], options, ...rest });
}

describe('chooseRuntime', () => {
  beforeEach(() => {
    for (const version of ['22.21.0', '22.22.3', '22.23.1', '23.0.0', '24.15.0', '24.21.0']) {
      registry.publish(nodePackage(version));
    }
  });

  it.each([null, '>=20', '>=18 <19 || >=20.19'])('takes the Node of the host for %j', async (engines) => {
    expect(await choose({ engines })).toEqual({ kind: 'host', path: HOST.path, version: HOST.version });
    expect(registry.requests).toEqual([]);
  });

  it('takes the first that fits of those that are here before it asks the registry', async () => {
    const nodes = ['22.0.0', '24.15.0', '24.9.0', 'junk'].map((version) => ({ ...HERE, version }));
    expect(await choose({ engines: '>=22.1', nodes: [HOST, ...nodes] })).toEqual({
      kind: 'root',
      version: '24.15.0',
    });
    expect(registry.requests).toEqual([]);
  });

  describe('a Node that shares libraries with the host', () => {
    const shared = { ...HOST, version: '22.0.0', shared: ['node_shared_openssl', 'node_shared_zlib'] };
    const starter = { ...HOST, version: '22.0.0', shared: ['node_shared'] };

    it('comes after one of the registry', async () => {
      expect(await choose({ engines: '>=22', nodes: [shared] })).toMatchObject({ kind: 'registry' });
    });

    it('is taken where the registry has none for this host', async () => {
      const platform = { platform: 'linux', arch: 'x64', glibc: false };
      expect(await choose({ engines: '>=22', nodes: [shared], platform })).toMatchObject({
        kind: 'host',
        version: '22.0.0',
      });
    });

    it('is refused where it is only a starter of libnode', async () => {
      const platform = { platform: 'linux', arch: 'x64', glibc: false };
      expect(await rejection(choose({ engines: '>=22', nodes: [starter], platform }))).toMatchObject({
        code: 'node_unavailable',
      });
    });

    it('does not hide a wrong signature', async () => {
      await nameKeys(registry, place.path('registry-keys.json'));
      registry.fault({ kind: 'wrong-signature' });
      expect(await rejection(choose({ engines: '>=22', nodes: [shared] }))).toMatchObject({
        code: 'signature_invalid',
      });
    });
  });

  it.each([
    ['>=22.22.3 <23 || >=24.15 <25 || >=25.9', '22.23.1'],
    ['>=24.16 <25 || >=26.1', '24.21.0'],
    ['>=22.23.2', '24.21.0'],
    ['22.22.3', '22.22.3'],
  ])('takes the newest of the lowest even line for %j', async (engines, version) => {
    expect(await choose({ engines, nodes: [{ ...HERE, version: '20.0.0' }] })).toEqual({
      kind: 'registry',
      version,
      package: NAME,
      integrity: expect.stringMatching(/^sha512-/),
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

describe('provideRuntime', () => {
  const root = () => rootAt(place.path('root'));

  async function provide(choice: RuntimeChoice, signal?: AbortSignal): Promise<string> {
    prepareRoot(root());
    const client = () => place.options(registry.url);
    return provideRuntime({ root: root(), choice, staging: join(root().staging, 'x'), client, signal });
  }

  const fetch = async (signal?: AbortSignal) => provide(await choose({ engines: '>=22', nodes: [] }), signal);

  const own = () => ({ kind: 'host' as const, path: process.execPath, version: process.versions.node });

  it('copies a Node of the host, and no later change of that one reaches it', async () => {
    const program = place.path('their-node');
    writeFileSync(program, "#!/bin/sh\necho 'v22.1.0'\n", { mode: 0o755 });
    const node = await provide({ kind: 'host', path: program, version: '22.1.0' });
    expect(node).toBe(join(root().runtimes, 'node-22.1.0/bin/node'));
    writeFileSync(program, 'broken');
    expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toBe('v22.1.0\n');
    expect(statSync(node)).toMatchObject({ nlink: 1 });
    expect(statSync(node).mode & 0o777).toBe(0o555);
  });

  it('runs as a copy, and knows that it is one', async () => {
    const node = await provide(own());
    const [path, version] = JSON.parse(
      execFileSync(node, ['-p', 'JSON.stringify([process.execPath, process.versions.node])'], {
        encoding: 'utf8',
      }),
    );
    expect([path, version]).toEqual([realpathSync(node), process.versions.node]);
  });

  it('puts it in the place of a damaged one', async () => {
    const there = join(root().runtimes, 'node-22.1.0');
    prepareRoot(root());
    writeTree(there, { 'bin/node': 'damaged', 'bin/more': '' });
    const program = place.path('their-node');
    writeFileSync(program, "#!/bin/sh\necho 'v22.1.0'\n", { mode: 0o755 });
    await provide({ kind: 'host', path: program, version: '22.1.0' });
    expect(readdirSync(join(there, 'bin'))).toEqual(['node']);
    expect(readdirSync(root().staging)).not.toContain(expect.stringContaining('removed'));
  });

  it('leaves a Node that runs, its licence, and nothing to build against', async () => {
    registry.publish(nodePackage('22.23.1'));
    await fetch();
    expect(
      ['bin/node', 'LICENSE', 'include', 'share'].map((name) =>
        exists(join(root().runtimes, 'node-22.23.1', name)),
      ),
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
    expect(readdirSync(root().runtimes)).toEqual([]);
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
