import { appendFileSync, chmodSync, linkSync, lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { knownDamage, scrub } from '../../../src/rollback/scrub.js';
import { damageOf } from '../../../src/store/damage.js';
import { readManifest, releaseDirectory } from '../../../src/store/manifest.js';
import type { Root } from '../../../src/store/root.js';
import { readScrub } from '../../../src/store/scrub-record.js';
import { sealRelease } from '../../../src/store/seal.js';
import { sharersOf } from '../../../src/store/sharers.js';
import { temporaryRoot, writeTree } from '../../support/place.js';
import { releaseManifest, sealTinyRelease } from '../../support/release.js';

const [OLD, NEW, OTHER] = ['2026.6.1', '2026.7.1', '2026.8.1'] as const;
const THERE = 'node_modules/shared/index.js';
const HERE = 'node_modules/outer/node_modules/shared/index.js';

/** Two releases with one file, at different places, and a third with an equal one. */
async function sharingRoot(): Promise<Root> {
  const root = temporaryRoot();
  await sealTinyRelease(root, OLD, { [THERE]: 'shared\n' });
  await sealTinyRelease(root, OTHER, { [THERE]: 'shared\n' });
  const { runtime } = readManifest(root, OLD);
  const staged = writeTree(join(root.staging, 'new'), { [HERE]: '', main: '', node: `-> ${runtime.path}` });
  rmSync(join(staged, HERE));
  linkSync(join(releaseDirectory(root, OLD), THERE), join(staged, HERE));
  await sealRelease(root, staged, { ...releaseManifest(NEW), runtime });
  return root;
}

function edit(root: Root): void {
  const path = join(releaseDirectory(root, OLD), THERE);
  chmodSync(path, 0o644);
  appendFileSync(path, 'edited');
}

test('sealing changes nothing of a file that another release has', async () => {
  const root = await sharingRoot();
  const { mode, nlink } = lstatSync(join(releaseDirectory(root, OLD), THERE));
  expect([mode & 0o777, nlink]).toEqual([0o444, 2]);
});

test('damage to a file of two releases names the other one, wherever it has the file', async () => {
  const root = await sharingRoot();
  edit(root);
  const at = (path: string) => [{ path, kind: 'changed' as const }];
  expect([...sharersOf(root, OLD, at(THERE))]).toEqual([[NEW, [HERE]]]);
  expect([...sharersOf(root, NEW, at(HERE))]).toEqual([[OLD, [THERE]]]);
  expect([...sharersOf(root, OTHER, at(THERE))]).toEqual([]);
  const { error, sharedWith } = await damageOf(root, readManifest(root, OLD));
  expect(sharedWith).toEqual([NEW]);
  expect(error?.message).toContain(`Damaged files are shared with ${NEW}.`);
});

test('a scrub that finds it in one release tells of the other too, which it compares in its turn', async () => {
  const root = await sharingRoot();
  const options = { forMs: null, olderThan: Number.POSITIVE_INFINITY };
  await scrub(root, options);
  const { at } = readScrub(root).checked[`releases/${NEW}`] ?? {};
  edit(root);
  const ending = new AbortController();
  const onItem = (name: string) => name.endsWith(NEW) && ending.abort();
  const run = await scrub(root, { ...options, signal: ending.signal, onItem });
  expect(run?.left).toContain(`releases/${NEW}`);
  expect(knownDamage(root)).toMatchObject({
    [`releases/${OLD}`]: { damage: [expect.stringContaining(THERE)], releases: [OLD] },
    [`releases/${NEW}`]: { damage: [expect.stringContaining(HERE)], releases: [NEW], at },
  });
  expect((await scrub(root, options))?.damaged[`releases/${NEW}`]?.damage).toHaveLength(1);
});
