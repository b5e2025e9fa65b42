import { appendFileSync, cpSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installTree } from '../../src/install/process/tree.js';
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

  test('has nothing that a script has changed, added, removed or replaced in a kept release', async () => {
    publishOddities();
    await installTree(await orderFor('release'), () => {});
    const first = contentsOf(place.path('release'));
    const kept = (path: string) => place.path('release/node_modules', path);
    const changes: [path: string, change: (path: string) => void][] = [
      ['plain/index.js', (path) => appendFileSync(path, '// by a script')],
      ['twice/built.js', (path) => writeFileSync(path, '// by a script')],
      ['modes/deep/file.js', (path) => rmSync(path)],
      [
        'host/index.js',
        (path) => {
          rmSync(path);
          writeFileSync(path, '// older than the release');
          utimesSync(path, 1, 1);
        },
      ],
    ];
    for (const [path, change] of changes) change(kept(path));
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
});
