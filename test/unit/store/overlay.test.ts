import { existsSync, readdirSync, renameSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { releaseDirectory } from '../../../src/store/manifest.js';
import { removeTree } from '../../../src/store/seal.js';
import { temporaryRoot } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

vi.mock('node:fs', async () => {
  const fs = await vi.importActual<typeof import('node:fs')>('node:fs');
  return { ...fs, renameSync: vi.fn(fs.renameSync) };
});

test('a release in the lower layer of an overlay, which cannot be moved, is removed where it is', async () => {
  const root = temporaryRoot();
  await sealTinyRelease(root, '2026.6.1', { 'a/b/c.js': '' });
  const path = releaseDirectory(root, '2026.6.1');
  vi.mocked(renameSync).mockImplementationOnce(() => {
    throw Object.assign(new Error('EXDEV'), { code: 'EXDEV', syscall: 'rename' });
  });
  removeTree(root, path);
  expect(existsSync(path)).toBe(false);
  expect(readdirSync(root.staging)).toEqual([]);
});

test('a release that cannot be moved for another reason stays whole', async () => {
  const root = temporaryRoot();
  await sealTinyRelease(root, '2026.6.1');
  const path = releaseDirectory(root, '2026.6.1');
  vi.mocked(renameSync).mockImplementationOnce(() => {
    throw Object.assign(new Error('EBUSY'), { code: 'EBUSY', syscall: 'rename' });
  });
  expect(() => removeTree(root, path)).toThrow('EBUSY');
  expect(existsSync(`${path}/release.json`)).toBe(true);
});
