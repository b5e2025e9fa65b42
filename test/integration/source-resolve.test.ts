import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/host/port.js';
import { offeredReleases } from '../../src/registry/offer.js';
import { resolveRelease } from '../../src/registry/resolve.js';
import { parseSpec } from '../../src/registry/spec.js';
import { openclawPackage } from '../registry/gateway-package.js';
import { KEY_END, type Registry, startRegistry } from '../registry/registry.js';
import { writeTarball } from '../registry/tarball.js';
import { nameKeys } from '../support/name-keys.js';
import { makePlace, type Place, rejection } from '../support/source-place.js';

/** Matches the document of one version. */
const ALONE = /^\/openclaw\/\d[^/]*$/;

let registry: Registry;
let place: Place;

beforeEach(async () => {
  place = makePlace();
  registry = await startRegistry();
  await nameKeys(registry, place.path('registry-keys.json'));
  registry.requests.length = 0;
  registry.publish(openclawPackage('2026.5.28'), { publishedAt: new Date('2026-05-28T10:00:00Z') });
  registry.publish(
    openclawPackage('2026.6.1', { engines: '>=22.19', schemaVersions: { state: 15, agent: 19 } }),
  );
  registry.publish(openclawPackage('2026.6.2-beta.1'), { tag: 'beta' });
});

afterEach(async () => {
  await registry.close();
  place.dispose();
});

const resolve = async (spec: Parameters<typeof resolveRelease>[0], signal?: AbortSignal) =>
  resolveRelease(spec, await place.options(registry.url), signal);

describe('resolveRelease', () => {
  it('finds a version with all that must be known before it is fetched', async () => {
    expect(await resolve({ kind: 'version', version: '2026.6.1' })).toEqual({
      id: '2026.6.1',
      version: '2026.6.1',
      spec: '2026.6.1',
      integrity: expect.stringMatching(/^sha512-/),
      tarball: `${registry.url}openclaw/-/openclaw-2026.6.1.tgz`,
      engines: '>=22.19',
      schemas: { state: 15, agent: 19 },
      bin: 'openclaw.mjs',
      dependencyCount: 1,
      unpackedSize: expect.any(Number),
      signature: 'verified',
      publishedAt: null,
    });
    expect(registry.requests).toEqual(['GET /openclaw/2026.6.1']);
  });

  it.each<[string, () => void]>([
    ['has no document of it', () => registry.fault({ kind: 'not-found', match: ALONE })],
    ['fails for that one', () => registry.fault({ kind: 'server-error', match: ALONE })],
    ['is cut off in that one', () => registry.fault({ kind: 'cut-off', match: ALONE })],
  ])('finds a version in the whole document where the registry %s', async (_what, spoil) => {
    spoil();
    expect(await resolve({ kind: 'version', version: '2026.6.1' })).toMatchObject({
      ...{ id: '2026.6.1', signature: 'verified', publishedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) },
    });
    expect(registry.requests).toContain('GET /openclaw');
  });

  it('finds no version that was published too late for the date that npm is told', async () => {
    const options = { ...(await place.options(registry.url)), before: new Date('2026-05-29T00:00:00Z') };
    const of = (version: string) => resolveRelease({ kind: 'version', version }, options);
    expect(await of('2026.5.28')).toMatchObject({ id: '2026.5.28' });
    expect(await rejection(of('2026.6.1'))).toMatchObject({ code: 'release_too_new' });
  });

  it.each(['2026.6.1', 'latest'])('names the policy that forbids %s', async (wanted) => {
    const options = { ...(await place.options(registry.url)), before: new Date('2026-05-01T00:00:00Z') };
    const error = await rejection(resolveRelease(parseSpec(wanted), options));
    expect(error).toMatchObject({
      code: 'release_too_new',
      message: expect.stringMatching(
        `^openclaw@${wanted} was published later.*"min-release-age" allows nothing newer than 2026-05-01`,
      ),
      hint: expect.stringContaining('npm config get min-release-age before'),
    });
  });

  it.each([['openclaw'], ['other', 'open*']])('respects what the policy excludes: %j', async (...exclude) => {
    const options = {
      ...(await place.options(registry.url)),
      ...{ before: new Date('2026-05-01T00:00:00Z'), minReleaseAgeExclude: exclude },
    };
    expect(await resolveRelease(parseSpec('2026.6.1'), options)).toMatchObject({ id: '2026.6.1' });
  });

  it('finds what a tag means now, not what it meant before', async () => {
    registry.tag('openclaw', 'latest', '2026.5.28');
    expect(await resolve({ kind: 'tag', tag: 'latest' })).toMatchObject({
      id: '2026.5.28',
      spec: 'latest',
      schemas: null,
      publishedAt: '2026-05-28T10:00:00.000Z',
    });
    registry.tag('openclaw', 'latest', '2026.6.1');
    expect(await resolve({ kind: 'tag', tag: 'latest' })).toMatchObject({ id: '2026.6.1' });
    expect(await resolve({ kind: 'tag', tag: 'beta' })).toMatchObject({ id: '2026.6.2-beta.1' });
  });

  it('names the nearest versions when there is no such one', async () => {
    expect(await rejection(resolve({ kind: 'version', version: '2026.5.30' }))).toMatchObject({
      code: 'version_not_found',
      hint: 'The nearest published versions: 2026.5.28, 2026.6.1, 2026.6.2-beta.1',
      untouched: expect.any(String),
    });
  });

  it('names the tags when there is no such one', async () => {
    expect(await rejection(resolve({ kind: 'tag', tag: 'stable' }))).toMatchObject({
      code: 'version_not_found',
      hint: 'The tags: latest, beta',
    });
  });

  it('reports that a registry does not have the package', async () => {
    registry.fault({ kind: 'not-found', match: /^\/openclaw$/ });
    const error = await rejection(resolve({ kind: 'tag', tag: 'latest' }));
    expect(error).toMatchObject({ code: 'version_not_found', hint: expect.stringContaining('npm view') });
  });

  it('distinguishes a broken registry from one with nothing there', async () => {
    registry.fault({ kind: 'server-error', match: /^\/openclaw$/ });
    expect(await rejection(resolve({ kind: 'tag', tag: 'latest' }))).toMatchObject({
      code: 'registry_error',
    });
  });

  it('reports within seconds that nothing listens at the address of the registry', async () => {
    const port = await freePort();
    const options = {
      ...(await place.options(registry.url)),
      registry: `http://user:secret@127.0.0.1:${port}/`,
    };
    const startedAt = performance.now();
    const error = await rejection(resolveRelease({ kind: 'tag', tag: 'latest' }, options));
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(error).toMatchObject({ code: 'registry_unreachable', hint: expect.any(String) });
    expect(`${error.message} ${error.hint}`).not.toContain('secret');
  });

  it('takes an answer that was cut off for no answer', async () => {
    registry.fault({ kind: 'cut-off', match: /^\/openclaw$/ });
    expect(await rejection(resolve({ kind: 'tag', tag: 'latest' }))).toMatchObject({
      code: 'registry_unreachable',
    });
  });

  it('asks again after an answer that failed', async () => {
    registry.fault({ kind: 'server-error', match: /^\/openclaw$/, once: true });
    expect(await resolve({ kind: 'tag', tag: 'latest' })).toMatchObject({ id: '2026.6.1' });
  });

  it('gives up at once when it is stopped', async () => {
    registry.fault({ kind: 'slow', match: /^\/openclaw$/, delayMs: 30_000 });
    const stop = new AbortController();
    const resolving = rejection(resolve({ kind: 'tag', tag: 'latest' }, stop.signal));
    setTimeout(() => stop.abort(), 300);
    const startedAt = performance.now();
    expect(await resolving).toMatchObject({ code: 'interrupted' });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it('refuses a package of another name', async () => {
    const pkg = openclawPackage('2026.6.3');
    registry.publish({ ...pkg, name: 'other', files: renamed(pkg.files, { name: 'other' }) });
    const path = place.path('other.tgz');
    writeTarball({ ...pkg, files: renamed(pkg.files, { name: 'other' }) }, path);
    expect(await rejection(resolve({ kind: 'file', path }))).toMatchObject({ code: 'not_openclaw' });
  });
});

describe('documents of a wrong shape', () => {
  const WHOLE = /^\/openclaw$/;
  const odd = (match: RegExp, change: (document: Record<string, unknown>) => unknown) =>
    registry.fault({ kind: 'odd-document', match, change });

  it.each<[string, (document: Record<string, unknown>) => unknown]>([
    ['is null', () => null],
    ['is a list', () => []],
    ['has tags that are null', (document) => ({ ...document, 'dist-tags': null })],
    ['has a tag that is null', (document) => ({ ...document, 'dist-tags': { latest: null } })],
    ['has versions that are null', (document) => ({ ...document, versions: null })],
    ['has a version that is null', (document) => ({ ...document, versions: { '2026.6.1': null } })],
    [
      'has signatures that are no list',
      (document) => ({
        ...document,
        versions: { '2026.6.1': { name: 'openclaw', version: '2026.6.1', dist: { signatures: {} } } },
      }),
    ],
  ])('are an error of the registry where the document %s', async (_what, change) => {
    odd(WHOLE, change);
    odd(ALONE, () => null);
    const expected = {
      code: 'registry_error',
      message: "The registry's document of openclaw has a wrong shape.",
    };
    for (const spec of [
      { kind: 'tag', tag: 'latest' },
      { kind: 'tag', tag: 'stable' },
      { kind: 'version', version: '2026.6.1' },
    ] as const) {
      expect(await rejection(resolve(spec))).toMatchObject(expected);
    }
    const options = await place.options(registry.url);
    expect(await rejection(offeredReleases(options))).toMatchObject(expected);
  });

  it.each<[string, unknown]>([
    ['missing', undefined],
    ['nonsense', 'trust-me'],
    ['no text', 1],
  ])('are an error of the registry where the checksum is %s', async (_what, integrity) => {
    odd(/^\/openclaw\/2026/, (document) => ({
      ...document,
      dist: { ...(document.dist as object), integrity, shasum: undefined },
    }));
    odd(WHOLE, (document) => {
      const versions = document.versions as Record<string, { dist: object }>;
      for (const manifest of Object.values(versions))
        manifest.dist = { ...manifest.dist, integrity, shasum: undefined };
      return document;
    });
    expect(await rejection(resolve({ kind: 'version', version: '2026.6.1' }))).toMatchObject({
      code: 'registry_error',
    });
  });
});

describe('signatures', () => {
  it.each<[string, Parameters<typeof resolveRelease>[0]]>([
    ['a tag', { kind: 'tag', tag: 'latest' }],
    ['a version', { kind: 'version', version: '2026.6.1' }],
  ])('refuses one of %s that is wrong', async (_what, spec) => {
    registry.fault({ kind: 'wrong-signature' });
    expect(await rejection(resolve(spec))).toMatchObject({ code: 'signature_invalid' });
  });

  it('reports a missing one as absent', async () => {
    registry.fault({ kind: 'no-signature' });
    expect(await resolve({ kind: 'tag', tag: 'latest' })).toMatchObject({ signature: 'absent' });
    expect(await resolve({ kind: 'version', version: '2026.6.1' })).toMatchObject({ signature: 'absent' });
  });

  it('accepts one by an expired key only for what was published before its end', async () => {
    registry.publish(openclawPackage('2026.6.16'), { publishedAt: new Date(KEY_END) });
    registry.fault({ kind: 'ended-key' });
    await nameKeys(registry, place.path('registry-keys.json'));
    expect(await resolve({ kind: 'version', version: '2026.5.28' })).toMatchObject({ signature: 'verified' });
    expect(await rejection(resolve({ kind: 'version', version: '2026.6.16' }))).toMatchObject({
      code: 'signature_invalid',
    });
  });

  it('reports one by keys that nobody named as unchecked, though the registry serves them', async () => {
    rmSync(place.path('registry-keys.json'));
    expect(await resolve({ kind: 'tag', tag: 'latest' })).toMatchObject({ signature: 'unchecked' });
    expect(await resolve({ kind: 'version', version: '2026.6.1' })).toMatchObject({ signature: 'unchecked' });
    expect(registry.requests).not.toContain('GET /-/npm/v1/keys');
  });

  it('checks one for the requested package, not for another name that it shows', async () => {
    const pkg = openclawPackage('2026.6.1');
    registry.publish({ ...pkg, name: 'other', files: renamed(pkg.files, { name: 'other' }) });
    const shown = await (await globalThis.fetch(`${registry.url}other`)).text();
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'application/json').end(shown.replaceAll('"other', '"openclaw'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const options = await place.options(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const error = await rejection(resolveRelease({ kind: 'version', version: '2026.6.1' }, options));
    server.close();
    expect(error).toMatchObject({ code: 'signature_invalid' });
  });

  it.each([
    ['no JSON', '{'],
    ['no list of keys', '{"keys":{}}'],
    ['a key that is none', '{"keys":[{"keyid":"a","key":"AAAA"}]}'],
  ])('refuses a file of keys that has %s', async (_what, text) => {
    writeFileSync(place.path('registry-keys.json'), text);
    expect(await rejection(resolve({ kind: 'tag', tag: 'latest' }))).toMatchObject({
      code: 'root_invalid',
      message: expect.stringContaining('registry-keys.json'),
    });
  });
});

describe('archives', () => {
  it('are distinguished by their contents', async () => {
    writeTarball(openclawPackage('2026.6.1', { engines: '>=20' }), place.path('a.tgz'));
    writeTarball(openclawPackage('2026.6.1', { engines: '>=20.1' }), place.path('b.tgz'));
    const [a, again, b] = await Promise.all(
      ['a.tgz', 'a.tgz', 'b.tgz'].map((name) => resolve({ kind: 'file', path: place.path(name) })),
    );
    expect(a).toMatchObject({
      id: expect.stringMatching(/^2026\.6\.1\+file\.[0-9a-f]{8}$/),
      version: '2026.6.1',
      spec: `file:${place.path('a.tgz')}`,
      tarball: `file:${place.path('a.tgz')}`,
      engines: '>=20',
      signature: 'unchecked',
      unpackedSize: expect.any(Number),
    });
    expect(again?.id).toBe(a?.id);
    expect(b?.id).not.toBe(a?.id);
  });

  it('need no registry', async () => {
    writeTarball(openclawPackage('2026.6.1'), place.path('a.tgz'));
    await resolve({ kind: 'file', path: place.path('a.tgz') });
    expect(registry.requests).toEqual([]);
  });

  it.each([0, 0.01, 0.5, 0.99])('are refused when only %d of their bytes are there', async (truncateTo) => {
    writeTarball(openclawPackage('2026.6.1'), place.path('a.tgz'), { truncateTo });
    expect(await rejection(resolve({ kind: 'file', path: place.path('a.tgz') }))).toMatchObject({
      code: 'archive_invalid',
    });
  });

  it('are refused when they are something else', async () => {
    writeFileSync(place.path('a.tgz'), 'This is no archive.'.repeat(200));
    mkdirSync(place.path('b.tgz'));
    const codes = ['a.tgz', 'b.tgz', 'c.tgz'].map(
      async (name) => (await rejection(resolve({ kind: 'file', path: place.path(name) }))).code,
    );
    expect(await Promise.all(codes)).toEqual(['archive_invalid', 'spec_invalid', 'version_not_found']);
  });

  it.each([
    ['without a plain version', { version: '2026.6.1+mine' }],
    ['with a path for a version', { version: '../2026.6.1' }],
    ['with a program outside of them', { bin: { openclaw: '../../bin/sh' } }],
    ['with an absolute program', { bin: '/bin/sh' }],
    ['without a program', { bin: {} }],
  ])('are refused %s', async (_what, change) => {
    const pkg = openclawPackage('2026.6.1');
    writeTarball({ ...pkg, files: renamed(pkg.files, change) }, place.path('a.tgz'));
    expect(await rejection(resolve({ kind: 'file', path: place.path('a.tgz') }))).toMatchObject({
      code: 'not_openclaw',
    });
  });
});

type Files = ReturnType<typeof openclawPackage>['files'];

/** Copies the files with a changed `package.json`. */
function renamed(files: Files, change: object): Files {
  const manifest = JSON.parse(String(files['package.json']));
  return { ...files, 'package.json': JSON.stringify({ ...manifest, ...change }) };
}
