import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installRelease } from '../../src/install/install.js';
import type { KeptRelease } from '../../src/install/process/reuse.js';
import { installTree } from '../../src/install/process/tree.js';
import { resolveRelease } from '../../src/registry/resolve.js';
import { DIGESTS_FILE } from '../../src/store/tree.js';
import { openclawPackage } from '../registry/gateway-package.js';
import { exists, rejection, until } from '../support/source-place.js';

import {
  contentsOf,
  damageSealed,
  odd,
  orderFor,
  place,
  publish,
  publishOddities,
  registry,
  removeSealed,
  replaceRegistry,
  sealed,
  VERSION,
} from '../support/source-tree.js';

describe('the network', () => {
  const archives = () => registry.requests.filter((request) => request.endsWith('.tgz'));

  test('is asked for each archive and each document once', async () => {
    publishOddities();
    const order = await orderFor('release');
    const before = registry.requests.length;
    await installTree(order, () => {});
    const asked = registry.requests.slice(before);
    expect(asked.filter((request, at) => asked.indexOf(request) !== at)).toEqual([]);
    expect(archives().length).toBeGreaterThan(8);
    // Those of other platforms are left out.
    expect(archives().join()).not.toMatch(/elsewhere|other-/);
  });

  test("is asked again when npm's cache knows OpenClaw from before this version, and nothing of a version alone", async () => {
    registry.fault({ kind: 'not-found', match: /^\/openclaw\/\d[^/]*$/ });
    publish('plain', '1.0.0');
    registry.publish(openclawPackage('2026.5.1', { dependencies: { plain: '*' } }));
    const old = await place.options(registry.url);
    await resolveRelease({ kind: 'version', version: '2026.5.1' }, old);
    registry.publish(odd({ plain: '*' }));
    const order = await orderFor('release', { options: old }, { ...old, cache: place.path('another') });
    await installTree(order, () => {});
    expect(exists(place.path('release/node_modules/plain/index.js'))).toBe(true);
  });

  test('is not waited for by archives that are here, however slow the largest is', async () => {
    publishOddities();
    const order = await orderFor('release');
    registry.fault({ kind: 'slow', match: /openclaw-.*\.tgz$/, delayMs: 60_000 });
    const installing = installTree(order, () => {});
    const failed = installing.catch((error) => error);
    await until(
      () => exists(place.path('release/node_modules/plain/index.js')),
      'a small one is in its place',
    );
    expect(exists(place.path('release/node_modules/openclaw/package.json'))).toBe(false);
    await replaceRegistry();
    expect(await failed).toBeInstanceOf(Error);
  });

  test('is not asked again for what came before an installation was interrupted', async () => {
    publishOddities();
    const resolved = await resolveRelease(
      { kind: 'version', version: VERSION },
      await place.options(registry.url),
    );
    const { kind, version, integrity, tarball, ...order } = await orderFor('release');
    registry.fault({ kind: 'slow', match: /modes-.*\.tgz$/, delayMs: 60_000 });
    const stop = new AbortController();
    const request = { ...order, resolved };
    const interrupted = rejection(installRelease({ ...request, signal: stop.signal }));
    const others = [
      'openclaw',
      'plain',
      'twice',
      '@scope/scoped',
      '@scope/scoped/node_modules/twice',
      'other',
      'plugin',
      'host',
      'this-libc',
      'bundler',
    ];
    const inPlace = (name: string) => exists(place.path('release/node_modules', name, 'package.json'));
    await until(() => others.every(inPlace), 'all but one are in their places');
    stop.abort();
    expect(await interrupted).toMatchObject({ code: 'interrupted' });
    registry.clearFaults();
    await installRelease(request);
    const twice = archives().filter((request, at) => archives().indexOf(request) !== at);
    expect([...new Set(twice)]).toEqual(['GET /modes/-/modes-1.0.0.tgz']);
    expect(exists(place.path('release/.unpacking'))).toBe(false);
  });
});

test.each<[why: string, change: (release: KeptRelease) => void]>([
  ['has no lockfile', ({ directory }) => removeSealed(join(directory, 'package-lock.json'))],
  ['has a damaged lockfile', ({ directory }) => damageSealed(join(directory, 'package-lock.json'), '{')],
  ['has no list of its files', ({ directory }) => rmSync(join(directory, DIGESTS_FILE))],
  [
    'has another list than it was sealed with',
    ({ directory }) => appendFileSync(join(directory, DIGESTS_FILE), '# one -> more\n'),
  ],
  ['lacks files', ({ directory }) => removeSealed(join(directory, 'node_modules'))],
])('the tree of a release is made without a kept release that %s', async (_why, change) => {
  publishOddities();
  await installTree(await orderFor('release'), () => {});
  const first = contentsOf(place.path('release'));
  const release = await sealed('release');
  change(release);
  await installTree(await orderFor('again', { kept: [release] }), () => {});
  expect(contentsOf(place.path('again'))).toEqual(first);
});
