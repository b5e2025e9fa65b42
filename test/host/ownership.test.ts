import { chownSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheVersions } from '../../src/rollback/compatibility/cache.js';
import { temporaryRoot } from '../support/place.js';

test('the superuser leaves no file of its own in the root of another user', () => {
  const root = temporaryRoot();
  chownSync(root.path, 1234, 1234);
  const versions = { databases: { 'state/openclaw.sqlite': 18 }, config: '2026.9.6' };
  cacheVersions(root, 'a look', versions);
  expect(existsSync(join(root.path, 'compatibility.json'))).toBe(false);
  chownSync(root.path, 0, 0);
});
