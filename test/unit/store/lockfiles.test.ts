import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepLockfile, keepLockfileOf, keptLockfile } from '../../../src/store/lockfiles.js';
import type { Manifest } from '../../../src/store/manifest.js';
import { rootAt } from '../../../src/store/root.js';
import { temporaryRoot } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

const LOCKFILE = '{"packages":{}}';
const DIGEST = createHash('sha256').update(LOCKFILE).digest('hex');

test('twenty lockfiles are kept, and the oldest is removed first', () => {
  const root = temporaryRoot();
  for (let day = 1; day <= 20; day++) {
    const path = keepLockfile(root, `2026.6.${day}`, LOCKFILE);
    // Times oppose the order of versions in one half, so that the two cannot be confused.
    utimesSync(path, 1000, day === 7 ? 1000 : 2000 + day);
  }
  keepLockfile(root, '2026.7.1', LOCKFILE);
  expect(readdirSync(root.lockfiles)).toHaveLength(20);
  expect(keptLockfile(root, '2026.6.7')).toBeNull();
  expect(keptLockfile(root, '2026.7.1')).toBe(join(root.lockfiles, '2026.7.1.json'));
});

test('a release keeps its own lockfile, unless somebody has given another', async () => {
  const root = temporaryRoot();
  const sealed = { ...(await sealTinyRelease(root, '2026.6.1', { 'package-lock.json': LOCKFILE })) };
  keepLockfileOf(root, { ...sealed, lockfileDigest: DIGEST });
  expect(readFileSync(keptLockfile(root, '2026.6.1') ?? '', 'utf8')).toBe(LOCKFILE);
  keepLockfile(root, '2026.6.1', 'given');
  keepLockfileOf(root, { ...sealed, lockfileDigest: DIGEST });
  expect(readFileSync(keptLockfile(root, '2026.6.1') ?? '', 'utf8')).toBe('given');
});

test.each<[string, Partial<Manifest>]>([
  ['whose manifest was rebuilt', { integrity: '' }],
  ['from an archive', { id: '2026.6.1+abc' }],
  ['whose lockfile is not what it was sealed with', { lockfileDigest: 'f'.repeat(64) }],
])('a release %s keeps no lockfile', async (_which, other) => {
  const root = temporaryRoot();
  const id = other.id ?? '2026.6.1';
  const sealed = await sealTinyRelease(root, id, { 'package-lock.json': LOCKFILE });
  keepLockfileOf(root, { ...sealed, version: '2026.6.1', lockfileDigest: DIGEST, ...other });
  expect(keptLockfile(root, '2026.6.1')).toBeNull();
});

test('a root that does not exist keeps no lockfile', () => {
  expect(keptLockfile(rootAt('/nowhere'), '2026.6.1')).toBeNull();
});
