import { appendFileSync, cpSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { KeptRelease } from '../../src/install/process/reuse.js';
import { installTree } from '../../src/install/process/tree.js';
import { DIGESTS_FILE } from '../../src/store/tree.js';
import { openclawPackage } from '../registry/gateway-package.js';

import {
  announced,
  asNpmDoes,
  contentsOf,
  damageCache,
  damageSealed,
  odd,
  orderFor,
  place,
  publish,
  publishOddities,
  registry,
  removeSealed,
  sealed,
  VERSION,
} from '../support/source-tree.js';

describe('the tree of a release', () => {
  test('is what npm makes from the same lockfile: every file, link and mode', async () => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    const ours = contentsOf(place.path('release/node_modules'));
    expect(ours).toEqual(contentsOf(join(await asNpmDoes('release'), 'node_modules')));
    for (const there of [
      'bundler/node_modules/inner/package.json',
      'this-libc/index.js',
      'other/index.js',
      'host/index.js',
    ])
      expect(Object.keys(ours)).toContain(there);
    for (const absent of ['elsewhere', 'only-elsewhere', 'other-processor', 'other-libc', 'absent'])
      expect(Object.keys(ours)).not.toContain(absent);
    expect(ours['.bin/without-mode']).toBe('-> ../modes/bin/without.js');
    expect(ours['modes/private.txt']).toMatch(/^644 /);
    expect(readdirSync(place.path('release')).sort()).toEqual([
      'node_modules',
      'package-lock.json',
      'package.json',
    ]);
  });

  test('lacks an optional package that the registry lacks, also where it is made from its lockfile', async () => {
    publish('natives', '1.0.0', { optionalDependencies: { 'natives-elsewhere': '1.0.0' } });
    registry.publish(odd({ natives: '*' }));
    await installTree(await orderFor('release'), () => {});
    const first = contentsOf(place.path('release/node_modules'));
    expect(Object.keys(first)).toContain('natives/index.js');
    cpSync(place.path('release/package-lock.json'), place.path('exact.json'));
    await installTree(await orderFor('again', { lockfile: place.path('exact.json') }), () => {});
    expect(contentsOf(place.path('again/node_modules'))).toEqual(first);
  });

  test('is the same again from that lockfile, and from a cache that has all of it', async () => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    cpSync(place.path('release/package-lock.json'), place.path('exact.json'));
    const first = contentsOf(place.path('release'));
    const before = registry.requests.length;
    await installTree(await orderFor('again', { lockfile: place.path('exact.json') }), () => {});
    expect(contentsOf(place.path('again'))).toEqual(first);
    expect(registry.requests.slice(before).filter((request) => request.endsWith('.tgz'))).toEqual([]);
  });

  test.each([
    ['nothing', async () => []],
    [
      'a kept release whose packages are not what was unpacked',
      async () => {
        const release = await sealed('release');
        for (const path of Object.keys(contentsOf(place.path('release/node_modules'))))
          if (path.endsWith('.js')) damageSealed(place.path('release/node_modules', path));
        return [release];
      },
    ],
  ])("beside %s has what the registry announced, though npm's cache was damaged", async (_, besides) => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    const first = contentsOf(place.path('release'));
    damageCache();
    await installTree(await orderFor('again', { kept: await besides() }), () => {});
    expect(contentsOf(place.path('again'))).toEqual(first);
  });

  test('is copied from a kept release as far as that has it, without its archives', async () => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    const first = contentsOf(place.path('release'));
    const release = await sealed('release');
    rmSync(place.path('cache'), { recursive: true });
    const before = registry.requests.length;
    await installTree(await orderFor('again', { kept: [release] }), () => {});
    expect(contentsOf(place.path('again'))).toEqual(first);
    const archives = registry.requests.slice(before).filter((request) => request.endsWith('.tgz'));
    // Archives: OpenClaw's own, and those of a package that contains others.
    expect(archives.sort()).toEqual([
      'GET /bundler/-/bundler-1.0.0.tgz',
      `GET /openclaw/-/openclaw-${VERSION}.tgz`,
    ]);
  });

  test.each<[what: string, change: (name: (path: string) => string) => void]>([
    ['changed', (name) => appendFileSync(name('plain/index.js'), '// by a script')],
    ['added', (name) => writeFileSync(name('plain/built.js'), '// by a script')],
    ['removed', (name) => rmSync(name('modes/deep/file.js'))],
    [
      'replaced',
      (name) => {
        rmSync(name('plain/index.js'));
        writeFileSync(name('plain/index.js'), '// older than the release');
        utimesSync(name('plain/index.js'), 1, 1);
      },
    ],
  ])('has nothing that a script has %s in a kept release', async (_what, change) => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    const first = contentsOf(place.path('release'));
    change((path) => place.path('release/node_modules', path));
    expect(contentsOf(place.path('release'))).not.toEqual(first);
    await installTree(await orderFor('again', { kept: [await sealed('release')] }), () => {});
    expect(contentsOf(place.path('again'))).toEqual(first);
  });

  test('has nothing of a kept release but what it shares', async () => {
    publishOddities();
    registry.publish(openclawPackage('2026.5.1', { dependencies: { plain: '*', twice: '^1.0.0' } }));
    await installTree(await orderFor('before'), () => {});
    const release = await sealed('before');
    const order = await orderFor('release', { ...(await announced('2026.5.1')), kept: [release] });
    await installTree(order, () => {});
    await installTree({ ...order, directory: place.path('unhelped'), kept: [] }, () => {});
    const made = contentsOf(place.path('release'));
    expect(made).toEqual(contentsOf(place.path('unhelped')));
    expect(Object.keys(made)).not.toContain('node_modules/modes');
    expect(Object.keys(made)).not.toContain('.unpacking');
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
  ])('is made without a kept release that %s', async (_why, change) => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    const first = contentsOf(place.path('release'));
    const release = await sealed('release');
    change(release);
    await installTree(await orderFor('again', { kept: [release] }), () => {});
    expect(contentsOf(place.path('again'))).toEqual(first);
  });
});
