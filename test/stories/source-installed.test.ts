import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installTree } from '../../src/install/process/tree.js';
import {
  contentsOf,
  odd,
  orderFor,
  place,
  publish,
  publishOddities,
  registry,
} from '../support/source-tree.js';

/** As npm leaves a global install. */
function dropRecords(modules: string): void {
  for (const path of ['.package-lock.json', '../package-lock.json']) rmSync(join(modules, path));
}

/** Installs OpenClaw in `first`, and then publishes newer versions of what it needs. */
async function installThenPublish(): Promise<string> {
  publishOddities();
  await installTree(await orderFor('first'), () => {});
  publish('plain', '1.9.0');
  publish('host', '1.9.0');
  publish('@scope/scoped', '1.9.0');
  return place.path('first/node_modules/openclaw');
}

const versionIn = (directory: string, name: string) =>
  JSON.parse(readFileSync(place.path(`${directory}/node_modules/${name}/package.json`), 'utf8')).version;

/** Packages and files without the lockfiles. */
function treeOf(directory: string): Record<string, string> {
  const { '.package-lock.json': _, ...rest } = contentsOf(place.path(`${directory}/node_modules`));
  return rest;
}

describe('the tree of a release that follows an installed OpenClaw', () => {
  test.each<[string, (modules: string) => void]>([
    ['with the checksums that npm recorded', () => {}],
    ['of a global install, where npm records none', dropRecords],
    [
      'beside other programs',
      (modules) => {
        dropRecords(modules);
        cpSync(join(modules, 'plain'), join(modules, 'another'), { recursive: true });
        symlinkSync('/nowhere', join(modules, 'linked'));
      },
    ],
    [
      'with its dependencies below it',
      (modules) => {
        dropRecords(modules);
        renameSync(join(modules, 'openclaw'), join(modules, '../openclaw'));
        renameSync(modules, join(modules, '../openclaw/node_modules'));
        mkdirSync(modules);
        renameSync(join(modules, '../openclaw'), join(modules, 'openclaw'));
      },
    ],
  ])('has the same packages: %s', async (_, change) => {
    const installed = await installThenPublish();
    const before = treeOf('first');
    change(dirname(installed));
    const made = await installTree(await orderFor('release', { installed }), () => {});
    expect(made.asInstalled).toBe(true);
    const after = treeOf('release');
    const nested = Object.fromEntries(
      Object.entries(after).map(([path, content]) => [
        path.replace(/^openclaw\/node_modules\//, ''),
        content,
      ]),
    );
    for (const name of ['plain', 'host', '@scope/scoped', 'twice', 'bundler', 'this-libc'])
      expect(nested[`${name}/package.json`], name).toBe(before[`${name}/package.json`]);
    expect(Object.keys(after)).not.toContain('another');
    // As exact as any other release.
    cpSync(place.path('release/package-lock.json'), place.path('exact.json'));
    await installTree(await orderFor('again', { lockfile: place.path('exact.json') }), () => {});
    expect(treeOf('again')).toEqual(after);
  });

  test.each<[string, (modules: string) => void]>([
    [
      'has links',
      (modules) => {
        renameSync(join(modules, 'plain'), join(modules, '../plain'));
        symlinkSync('../plain', join(modules, 'plain'));
        dropRecords(modules);
      },
    ],
    ['is gone', (modules) => rmSync(modules, { recursive: true })],
  ])('is looked up anew where that %s', async (_, change) => {
    const installed = await installThenPublish();
    change(dirname(installed));
    const made = await installTree(await orderFor('release', { installed }), () => {});
    expect(made.asInstalled).toBe(false);
    expect(versionIn('release', 'plain')).toBe('1.9.0');
  });

  test('is refused where the registry does not have a package any more', async () => {
    registry.publish(odd({ plain: '^1.0.0' }));
    publish('plain', '1.0.0');
    await installTree(await orderFor('first'), () => {});
    const installed = place.path('first/node_modules/openclaw');
    dropRecords(dirname(installed));
    const manifest = join(dirname(installed), 'plain/package.json');
    const text = readFileSync(manifest, 'utf8');
    rmSync(manifest);
    writeFileSync(manifest, text.replace('1.0.0', '1.0.7'));
    await expect(installTree(await orderFor('release', { installed }), () => {})).rejects.toMatchObject({
      code: 'ETARGET',
    });
  });
});
