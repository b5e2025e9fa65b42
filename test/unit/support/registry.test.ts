import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Arborist from '@npmcli/arborist';
import npmFetch from 'npm-registry-fetch';
import pacote from 'pacote';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openclawPackage, tinyDependency } from '../../registry/gateway-package.js';
import { type Fault, type Registry, startRegistry, writeTarball } from '../../registry/registry.js';
import type { PublicKey } from '../../registry/signing-key.js';

let registry: Registry;
let scratch: string;

/** Options that pacote reads and its types of an older version do not have. */
interface ClientOptions extends pacote.Options {
  verifySignatures?: boolean;
  timeout?: number;
}

function client(options: ClientOptions = {}): ClientOptions {
  return { registry: registry.url, cache: join(scratch, 'cache'), fetchRetries: 0, ...options };
}

async function verifyingClient(): Promise<ClientOptions> {
  const { keys } = (await npmFetch.json('/-/npm/v1/keys', client())) as unknown as { keys: PublicKey[] };
  const pemKeys = keys.map((key) => ({
    ...key,
    pemkey: `-----BEGIN PUBLIC KEY-----\n${key.key}\n-----END PUBLIC KEY-----`,
  }));
  const option = `${registry.url.replace('http:', '')}:_keys`;
  return client({ verifySignatures: true, ...{ [option]: pemKeys } });
}

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'registry-test-'));
  registry = await startRegistry();
  registry.publish(openclawPackage('2026.6.1', { schemaVersions: { state: 15, agent: 19 } }));
});

afterEach(async () => {
  await registry.close();
  rmSync(scratch, { recursive: true });
});

describe('a registry that works', () => {
  test('resolves tags and versions, and gives the files that were published', async () => {
    registry.publish(openclawPackage('2026.7.1-beta.1'), { tag: 'beta' });
    const { _id } = await pacote.manifest('openclaw', client());
    expect(_id).toBe('openclaw@2026.6.1');
    expect((await pacote.manifest('openclaw@beta', client())).version).toBe('2026.7.1-beta.1');

    const { integrity, resolved } = await pacote.extract('openclaw@latest', join(scratch, 'out'), client());
    const { dist } = await pacote.manifest('openclaw', client());
    expect(integrity).toBe(dist.integrity);
    expect(resolved).toBe(`${registry.url}openclaw/-/openclaw-2026.6.1.tgz`);
    expect(readdirSync(join(scratch, 'out'))).toEqual([
      ...['.openclaw-lifecycle-pending', 'behaviour.json', 'dist', 'openclaw.mjs', 'package.json', 'scripts'],
    ]);
    expect(dist.fileCount).toBe(Object.keys(openclawPackage('2026.6.1').files).length);
  });

  test('answers with the short document or the full one, as the client asks', async () => {
    const short = await pacote.packument('openclaw', client());
    expect(short.versions['2026.6.1']).toMatchObject({
      engines: { node: '>=20' },
      bin: { openclaw: 'openclaw.mjs' },
      hasInstallScript: true,
      dependencies: { 'tiny-dep': '^1.0.0' },
    });
    expect(short.versions['2026.6.1']).not.toHaveProperty('openclaw');
    expect(short).not.toHaveProperty('time');

    const full = await pacote.packument('openclaw', client({ fullMetadata: true }) as { fullMetadata: true });
    expect(full.versions['2026.6.1']).toMatchObject({
      openclaw: { schemaVersions: { state: 15, agent: 19 } },
      scripts: { preinstall: 'node scripts/preinstall.mjs' },
    });
    expect(Date.parse(full.time['2026.6.1'] ?? '')).not.toBeNaN();
  });

  test('reports when a version was published', async () => {
    registry.publish(openclawPackage('2026.5.28'), {
      tag: 'old',
      publishedAt: new Date('2026-05-28T12:00:00Z'),
    });
    const before = new Date('2026-05-29T00:00:00Z');
    const { version } = await pacote.manifest('openclaw@*', client({ before }) as { before: Date });
    expect(version).toBe('2026.5.28');
  });

  test('serves for one version alone what the whole document has', async () => {
    const document = async (path: string) => (await fetch(`${registry.url}${path}`)).json();
    const { versions } = (await document('openclaw')) as { versions: Record<string, unknown> };
    expect(await document('openclaw/2026.6.1')).toEqual(versions['2026.6.1']);
    for (const path of ['openclaw/2026.6.2', 'other/2026.6.1'])
      expect((await fetch(`${registry.url}${path}`)).status).toBe(404);
  });

  test('knows scoped packages', async () => {
    const manifest = { name: '@scope/node-linux-x64', version: '24.0.0-rc.1' };
    registry.publish({ ...manifest, files: { 'package.json': JSON.stringify(manifest) } });
    await pacote.extract('@scope/node-linux-x64', join(scratch, 'out'), client());
    expect(existsSync(join(scratch, 'out/package.json'))).toBe(true);
    expect(registry.requests).toEqual([
      'GET /@scope/node-linux-x64',
      'GET /@scope/node-linux-x64/-/node-linux-x64-24.0.0-rc.1.tgz',
    ]);
  });

  test('signs what it publishes in a way the real client verifies', async () => {
    const { _signatures } = (await pacote.manifest('openclaw', await verifyingClient())) as unknown as {
      _signatures: unknown[];
    };
    expect(_signatures).toHaveLength(1);
  });

  test('packs the same bytes every time', async () => {
    const other = await startRegistry();
    other.publish(openclawPackage('2026.6.1'));
    registry.publish(openclawPackage('2026.6.2'));
    const integrity = async (url: string) =>
      (await pacote.manifest('openclaw@latest', client({ registry: url }))).dist.integrity;
    try {
      registry.unpublish('openclaw', '2026.6.1');
      registry.publish(openclawPackage('2026.6.1'));
      expect(await integrity(other.url)).toBe(await integrity(registry.url));
    } finally {
      await other.close();
    }
  });

  test('moves tags, and unpublishes a version with the tags that named it', async () => {
    registry.publish(openclawPackage('2026.6.2'), { tag: 'beta' });
    registry.tag('openclaw', 'latest', '2026.6.2');
    const online = client({ preferOnline: true });
    expect((await pacote.manifest('openclaw', online)).version).toBe('2026.6.2');
    registry.unpublish('openclaw', '2026.6.2');
    expect((await pacote.packument('openclaw', online))['dist-tags']).toEqual({ latest: '2026.6.1' });
    registry.unpublish('openclaw', '2026.6.1');
    await expect(pacote.manifest('openclaw', online)).rejects.toMatchObject({ code: 'E404' });
  });

  test('lets a client keep its copy for a while, as the public registry does', async () => {
    await pacote.manifest('openclaw', client());
    registry.publish(openclawPackage('2026.6.2'));
    expect((await pacote.manifest('openclaw', client())).version).toBe('2026.6.1');
    expect(registry.requests).toEqual(['GET /openclaw']);
    expect((await pacote.manifest('openclaw', client({ preferOnline: true }))).version).toBe('2026.6.2');
  });

  test("reports that a client's copy is still the same", async () => {
    const { headers } = await fetch(`${registry.url}openclaw`);
    const again = { headers: { 'if-none-match': headers.get('etag') ?? '' } };
    expect((await fetch(`${registry.url}openclaw`, again)).status).toBe(304);
    registry.tag('openclaw', 'beta', '2026.6.1');
    expect((await fetch(`${registry.url}openclaw`, again)).status).toBe(200);
  });
});

describe('a registry with a fault', () => {
  const TARBALL = /\.tgz$/;
  const KEYS = /keys$/;
  const faults: [string, Fault, string][] = [
    ['a package that is not there', { kind: 'not-found', match: /openclaw$/ }, 'E404'],
    ['a tarball that is not there', { kind: 'not-found', match: TARBALL }, 'E404'],
    ['keys that are not there', { kind: 'not-found', match: KEYS }, 'E404'],
    ['an error of its own', { kind: 'server-error', match: /openclaw$/ }, 'E500'],
    ['an error of its own for the tarball', { kind: 'server-error', match: TARBALL }, 'E500'],
    ['a packument that is cut off', { kind: 'cut-off', match: /openclaw$/ }, 'ECONNRESET'],
    ['a tarball that is cut off', { kind: 'cut-off', match: TARBALL }, 'ECONNRESET'],
    ['a packument that is late', { kind: 'slow', match: /openclaw$/, delayMs: 30_000 }, 'FETCH_ERROR'],
    ['another tarball than it says', { kind: 'wrong-integrity' }, 'EINTEGRITY'],
    ['a signature over something else', { kind: 'wrong-signature' }, 'EINTEGRITYSIGNATURE'],
    ['no keys', { kind: 'no-keys' }, 'EMISSINGSIGNATUREKEY'],
  ];

  test.each(faults)('with %s makes the client fail until it is cleared', async (_title, fault, code) => {
    const install = async (cache: string, timeout = 30_000) => {
      const verifying = { ...(await verifyingClient()), cache: join(scratch, cache), timeout };
      const { _resolved, _integrity } = await pacote.manifest('openclaw', verifying);
      return pacote.extract(_resolved, join(scratch, 'out'), { ...verifying, integrity: _integrity });
    };
    registry.fault(fault);
    await expect(install('cache', fault.kind === 'slow' ? 500 : undefined)).rejects.toMatchObject({ code });
    registry.clearFaults();
    await expect(install('another cache')).resolves.toBeDefined();
  });

  test('that holds once spoils one answer', async () => {
    registry.fault({ kind: 'server-error', once: true });
    await expect(pacote.manifest('openclaw', client())).rejects.toMatchObject({ code: 'E500' });
    await expect(pacote.manifest('openclaw', client())).resolves.toBeDefined();
  });

  test('with another tarball than announced, once, is overcome by the client itself', async () => {
    registry.fault({ kind: 'wrong-integrity', once: true });
    await pacote.extract('openclaw', join(scratch, 'out'), client());
    expect(registry.requests.filter((request) => TARBALL.test(request))).toHaveLength(2);
  });

  test('without signatures is not noticed by a client that only verifies those it finds', async () => {
    registry.fault({ kind: 'no-signature' });
    const manifest = await pacote.manifest('openclaw', await verifyingClient());
    expect(manifest).not.toHaveProperty('_signatures');
    registry.publish(openclawPackage('2026.6.2'), { sign: false });
    registry.clearFaults();
    const unsigned = await pacote.manifest('openclaw', { ...(await verifyingClient()), preferOnline: true });
    expect(unsigned).not.toHaveProperty('_signatures');
  });

  test('sends a tarball as slowly as it is set to, and whole', async () => {
    const { dist } = await pacote.manifest('openclaw', client());
    const { length } = await pacote.tarball('openclaw', client());
    registry.fault({ kind: 'slow', match: TARBALL, bytesPerSecond: length * 2 });
    const startedAt = performance.now();
    const bytes = await pacote.tarball('openclaw', client({ cache: join(scratch, 'empty') }));
    expect(performance.now() - startedAt).toBeGreaterThan(400);
    expect(bytes.integrity).toBe(dist.integrity);
  });

  test('can be closed in the middle of a slow answer', async () => {
    const broken = await startRegistry();
    broken.publish(openclawPackage('2026.6.1'));
    broken.fault({ kind: 'slow', delayMs: 30_000 });
    const answer = pacote.manifest('openclaw', client({ registry: broken.url })).catch((error) => error.code);
    await expect.poll(() => broken.requests).toHaveLength(1);
    await broken.close();
    expect(await answer).toBe('ECONNRESET');
  });
});

test('a tarball in a file can be whole or cut off', async () => {
  const whole = join(scratch, 'whole.tgz');
  const cutOff = join(scratch, 'cut-off.tgz');
  writeTarball(openclawPackage('2026.6.1'), whole);
  writeTarball(openclawPackage('2026.6.1'), cutOff, { truncateTo: 0.5 });
  expect((await pacote.manifest(`file:${whole}`, client())).version).toBe('2026.6.1');
  await expect(pacote.extract(`file:${cutOff}`, join(scratch, 'out'), client())).rejects.toMatchObject({
    code: 'Z_BUF_ERROR',
  });
});

test.each([
  { ignoreScripts: true, title: 'leaves a package locked when scripts are ignored' },
  { ignoreScripts: false, title: 'unlocks a package when scripts run' },
])('installing with the real installer $title', async ({ ignoreScripts }) => {
  registry.publish(tinyDependency());
  const path = join(scratch, 'project');
  await new Arborist({ ...client(), path, ignoreScripts, audit: false }).reify({ add: ['openclaw'] });
  const made = (file: string) => existsSync(join(path, 'node_modules', file));
  expect(made('openclaw/.openclaw-lifecycle-pending')).toBe(ignoreScripts);
  expect(made('openclaw/dist/postinstall-inventory.json')).toBe(!ignoreScripts);
  expect(made('tiny-dep/INSTALL_SCRIPT_RAN')).toBe(!ignoreScripts);
});
