import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  cacheVerdict,
  cacheVersions,
  readCachedVerdict,
  readCachedVersions,
  readReadable,
} from '../../../../src/rollback/compatibility/cache.js';
import { readsVersions } from '../../../../src/rollback/compatibility/rules.js';
import type { StateVersions } from '../../../../src/state/versions.js';
import { temporaryRoot } from '../../../support/place.js';

const TODAY: StateVersions = { databases: { 'state/openclaw.sqlite': 18 }, config: '2026.9.6' };
const OTHER: StateVersions = { databases: { 'state/openclaw.sqlite': 19 }, config: '2026.9.6' };
const NO = { reads: 'no', why: 'it does not start', databases: true } as const;

describe('a cached result of a compatibility check', () => {
  test('counts for a state of these versions, and of no others', () => {
    const root = temporaryRoot();
    cacheVerdict(root, '2026.9.2', TODAY, NO);
    cacheVerdict(root, '2026.9.6', TODAY, { reads: 'yes', why: 'it starts' });
    expect(readCachedVerdict(readReadable(root), '2026.9.2', TODAY)).toEqual(NO);
    expect(readCachedVerdict(readReadable(root), '2026.9.6', TODAY)).toEqual({
      reads: 'yes',
      why: 'it starts',
    });
    expect(readCachedVerdict(readReadable(root), '2026.9.2', OTHER)).toBeNull();
    expect(readCachedVerdict(readReadable(root), '2026.9.3', TODAY)).toBeNull();
    expect(readsVersions(root, '2026.9.2', TODAY)).toEqual(NO);
    expect(readsVersions(root, '2026.9.2', OTHER)).toEqual({ reads: 'unknown', why: 'it has not run here' });
  });

  test('stays when the versions are read again', () => {
    const root = temporaryRoot();
    cacheVerdict(root, '2026.9.2', TODAY, NO);
    cacheVersions(root, 'a look', TODAY);
    expect(readCachedVersions(root)).toEqual({ look: 'a look', versions: TODAY });
    expect(readCachedVerdict(readReadable(root), '2026.9.2', TODAY)).toEqual(NO);
  });

  test.each([
    '',
    '{"schema": 2}',
    'x',
    '{"schema":1,"look":"","today":null,"answers":{"2026.9.2":{"reads":"yes"}}}',
  ])('is replaced when it is corrupt: %j', (text) => {
    const root = temporaryRoot();
    writeFileSync(join(root.path, 'compatibility.json'), text);
    expect(readCachedVerdict(readReadable(root), '2026.9.2', TODAY)).toBeNull();
    cacheVerdict(root, '2026.9.2', TODAY, NO);
    expect(readCachedVerdict(readReadable(root), '2026.9.2', TODAY)).toEqual(NO);
  });

  test('is optional: a root that cannot be written is only read', () => {
    const root = temporaryRoot();
    mkdirSync(join(root.path, 'compatibility.json'));
    cacheVerdict(root, '2026.9.2', TODAY, NO);
    expect(readCachedVerdict(readReadable(root), '2026.9.2', TODAY)).toBeNull();
  });
});
