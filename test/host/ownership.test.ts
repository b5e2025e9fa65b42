import { chownSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheVerdict } from '../../src/rollback/compatibility/cache.js';
import { temporaryRoot } from '../support/place.js';

test('the superuser leaves no file of its own in the root of another user', () => {
  const root = temporaryRoot();
  chownSync(root.path, 1234, 1234);
  const versions = { databases: { 'state/openclaw.sqlite': 18 }, config: '2026.9.6' };
  cacheVerdict(root, '2026.9.2', versions, { reads: 'no', why: 'it does not start', databases: true });
  expect(existsSync(join(root.path, 'compatibility.json'))).toBe(false);
  chownSync(root.path, 0, 0);
});
