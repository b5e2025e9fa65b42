import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeSnapshot } from '../../src/state/snapshot/snapshot.js';
import { listSnapshots } from '../../src/state/snapshots.js';
import { smallFilesystem } from '../support/filesystem.js';
import { temporaryDirectory, temporaryRoot, writeTree } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';

const node = await sqliteNode();

function aRequest(files: Record<string, string> = {}) {
  const directory = writeTree(temporaryDirectory('state'), { 'openclaw.json': '{}', ...files });
  const place = { directory, config: null };
  return { root: temporaryRoot(), release: '2026.6.1', change: 'c', place, node };
}

test('a state that would not fit is refused before anything is copied', async () => {
  const disk = smallFilesystem(16);
  const place = { directory: writeTree(join(disk, 'state'), { a: 'x'.repeat(5e6) }), config: null };
  const root = { ...temporaryRoot(), path: join(disk, 'root'), states: join(disk, 'root/states') };
  const asked = { ...aRequest(), place, root: { ...root, staging: join(disk, 'root/staging') } };
  mkdirSync(asked.root.staging, { recursive: true });
  await takeSnapshot(asked);
  await expect(takeSnapshot(asked)).rejects.toMatchObject({ code: 'insufficient_space' });
  expect(listSnapshots(asked.root)).toHaveLength(1);
});
