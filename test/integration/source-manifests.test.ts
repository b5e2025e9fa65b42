import fc from 'fast-check';
import npa from 'npm-package-arg';
import pacote from 'pacote';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Manifests } from '../../src/install/process/manifests.js';
import type { ClientOptions } from '../../src/registry/client.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import { until } from '../support/place.js';
import { makePlace, type Place, rejection } from '../support/source-place.js';

let registry: Registry;
let place: Place;
let options: ClientOptions;
let open: Manifests | null = null;

beforeEach(async () => {
  place = makePlace();
  registry = await startRegistry();
  options = { ...(await place.options(registry.url)), nodeVersion: 'v24.21.0' };
});

afterEach(async () => {
  open?.close();
  open = null;
  await registry.close();
  place.dispose();
});

function publish(name: string, version: string, manifest: object = {}): void {
  registry.publish({
    name,
    version,
    files: { 'package.json': JSON.stringify({ name, version, ...manifest }) },
  });
}

/** Begins another staging. */
function begin(): Manifests {
  open?.close();
  open = new Manifests(options);
  return open;
}

/** Answers what is picked, and what was requested to do so. */
async function pick(manifests: Manifests, spec: string, extra: object = {}) {
  const before = registry.requests.length;
  const { name, version, _resolved, _integrity } = await manifests.manifest(npa(spec), {
    ...{ ...options, fullMetadata: true },
    ...extra,
  });
  return {
    picked: { name, version, _resolved, _integrity },
    asked: registry.requests.slice(before).map((request) => request.replace('GET /', '')),
  };
}

describe('a version is picked', () => {
  beforeEach(() => {
    for (const version of ['1.0.0', '1.1.0', '2.0.0', '2.1.0-rc.1']) publish('tool', version);
    registry.tag('tool', 'latest', '1.1.0');
    registry.tag('tool', 'next', '2.0.0');
  });

  it.each<[spec: string, version: string, asked: string[]]>([
    ['tool@1.0.0', '1.0.0', ['tool/1.0.0']],
    ['tool@v1.0.0', '1.0.0', ['tool/1.0.0']],
    ['tool@2.1.0-rc.1', '2.1.0-rc.1', ['tool/2.1.0-rc.1']],
    ['tool@^1.0.0', '1.1.0', ['tool/latest']],
    ['tool@*', '1.1.0', ['tool/latest']],
    ['tool', '1.1.0', ['tool/latest']],
    ['other@npm:tool@^1.0.0', '1.1.0', ['tool/latest']],
    ['tool@~1.0.0', '1.0.0', ['tool/latest', 'tool']],
    ['tool@>=2', '2.0.0', ['tool/latest', 'tool']],
    ['tool@next', '2.0.0', ['tool']],
    ['tool@latest', '1.1.0', ['tool']],
  ])('of %s: %s', async (spec, version, asked) => {
    const found = await pick(begin(), spec);
    expect(found.picked).toMatchObject({ name: 'tool', version });
    expect(found.asked).toEqual(asked);
  });

  it('out of the whole document where that is loaded, or where its time or another tag counts', async () => {
    const manifests = begin();
    await pick(manifests, 'tool@next');
    expect((await pick(manifests, 'tool@^1.0.0')).asked).toEqual([]);
    expect((await pick(begin(), 'tool@^1.0.0', { before: new Date() })).asked).toEqual(['tool']);
    const found = await pick(begin(), 'tool@>=1', { defaultTag: 'next' });
    expect([found.picked.version, found.asked]).toEqual(['2.0.0', ['tool']]);
  });

  it('that is not deprecated and runs on this Node, before any other', async () => {
    registry.deprecate('tool', '1.1.0', 'broken');
    expect((await pick(begin(), 'tool@^1.0.0')).picked.version).toBe('1.0.0');
    publish('needs', '1.0.0');
    publish('needs', '1.1.0', { engines: { node: '>=99' } });
    registry.tag('needs', 'latest', '1.1.0');
    expect((await pick(begin(), 'needs@^1.0.0')).picked.version).toBe('1.0.0');
  });

  it('of a registry that has no document of one version, which is requested once', async () => {
    publish('another', '1.0.0');
    registry.fault({ kind: 'not-found', match: /^\/\w+\/./ });
    const manifests = begin();
    expect(await pick(manifests, 'tool@1.0.0')).toMatchObject({
      ...{ picked: { version: '1.0.0' }, asked: ['tool/1.0.0', 'tool'] },
    });
    expect(await pick(manifests, 'another@*')).toMatchObject({
      ...{ picked: { version: '1.0.0' }, asked: ['another'] },
    });
  });

  it('out of the whole document when the short one was cut off', async () => {
    registry.fault({ kind: 'cut-off', match: /latest$/, once: true });
    const found = await pick(begin(), 'tool@^1.0.0');
    expect([found.picked.version, found.asked]).toEqual(['1.1.0', ['tool/latest', 'tool']]);
  });

  it("and a version that is not there fails with npm's own error", async () => {
    expect(await rejection(pick(begin(), 'tool@3.0.0'))).toMatchObject({ code: 'ETARGET' });
    expect(await rejection(pick(begin(), 'tool@^3.0.0'))).toMatchObject({ code: 'ETARGET' });
    expect(await rejection(pick(begin(), 'unknown@^3.0.0'))).toMatchObject({ code: 'E404' });
  });
});

it('the picked version is the choice of npm from the whole document', async () => {
  const part = fc.integer({ min: 0, max: 3 });
  const version = fc
    .tuple(part, part, part, fc.constantFrom('', '', '', '-beta.1'))
    .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre}`);
  const one = fc.record({ version, deprecated: fc.boolean(), old: fc.boolean() });
  const range = fc
    .tuple(fc.constantFrom('^', '~', '>=', '<', '<=', ''), version)
    .map((both) => both.join(''));
  let last = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(one, { selector: (each) => each.version, minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.oneof(range, fc.constantFrom('*', '', '1.x || 2.x', 'latest')),
      async (versions, at, wanted) => {
        const name = `drawn-${++last}`;
        for (const each of versions) {
          publish(name, each.version, each.old ? { engines: { node: '<20' } } : {});
          if (each.deprecated) registry.deprecate(name, each.version, 'taken back');
        }
        registry.tag(name, 'latest', versions[at % versions.length]?.version ?? '');
        const spec = `${name}@${wanted}`;
        const manifests = begin();
        const ours = await outcome(manifests.manifest(npa(spec), { ...options, fullMetadata: true }));
        manifests.close();
        expect(ours).toBe(await outcome(pacote.manifest(spec, { ...options, fullMetadata: true } as never)));
      },
    ),
    { numRuns: 60 },
  );
});

function outcome(picking: ReturnType<Manifests['manifest']>): Promise<string> {
  return picking.then(
    ({ version, _resolved, _integrity }) => `${version} ${_resolved} ${_integrity}`,
    ({ code }) => code,
  );
}

describe('what a package needs', () => {
  beforeEach(() => {
    for (const name of ['leaf', 'peer', 'fork']) publish(name, '1.0.0');
    publish('middle', '1.0.0', { dependencies: { leaf: '^1.0.0' }, bundleDependencies: false });
    publish('top', '1.0.0', {
      dependencies: {
        ...{ middle: '^1.0.0', renamed: 'npm:fork@^1.0.0', packed: '^1.0.0' },
        ...{ far: 'git+https://git.invalid/far.git', near: 'file:../near', odd: '^^1' },
      },
      optionalDependencies: { gone: '^1.0.0' },
      peerDependencies: { peer: '*', maybe: '*' },
      peerDependenciesMeta: { maybe: { optional: true } },
      bundleDependencies: ['packed'],
    });
  });

  it('is asked for once, before npm needs it', async () => {
    const manifests = begin();
    await pick(manifests, 'top@1.0.0');
    const expected = ['fork/latest', 'gone', 'gone/latest', 'leaf/latest', 'middle/latest', 'peer/latest'];
    const asked = () =>
      registry.requests.map((request) => request.replace('GET /', '')).filter((path) => !/^top/.test(path));
    await until('all is asked', () => asked().length >= expected.length);
    for (const spec of ['middle@^1.0.0', 'leaf@1', 'peer@*', 'renamed@npm:fork@^1.0.0'])
      expect((await pick(manifests, spec)).asked).toEqual([]);
    expect(asked().sort()).toEqual(expected);
  });

  it('is not asked for once the tree is known', async () => {
    const manifests = begin();
    const picking = pick(manifests, 'top@1.0.0');
    manifests.close();
    await picking;
    await pick(begin(), 'leaf@1.0.0');
    expect(registry.requests).toEqual(['GET /top/1.0.0', 'GET /leaf/1.0.0']);
  });
});

it('pacote is unchanged when all is done', () => {
  const { manifest } = pacote;
  const manifests = begin();
  expect(pacote.manifest).not.toBe(manifest);
  manifests.close();
  expect(pacote.manifest).toBe(manifest);
});
