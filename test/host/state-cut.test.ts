import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { digestFile } from '../../src/host/digest.js';
import { takeSnapshot } from '../../src/state/snapshot/snapshot.js';
import { KEPT, readFileList } from '../../src/state/snapshot-layout.js';
import { listSnapshots } from '../../src/state/snapshots.js';
import { prepareRoot, rootAt } from '../../src/store/root.js';
import { sqlAndDie } from '../support/database.js';
import { makeFilesystem } from '../support/filesystem.js';
import { temporaryDirectory, writeTree } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';

const node = await sqliteNode();

test('a finished snapshot is whole after a power cut at that very moment', async () => {
  // Data that nobody flushes by order stays in memory for a minute.
  const disk = makeFilesystem(temporaryDirectory('disk'), 64, ['commit=60']);
  onTestFinished(disk.remove);
  const directory = join(disk.mountPoint, 'state');
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`data/${n}`, `${n}`.repeat(2000)]));
  writeTree(directory, { 'openclaw.json': '{}', 'agents/main/sessions/one.jsonl': 'said', ...files });
  mkdirSync(join(directory, 'state'));
  const rows = 'INSERT INTO t VALUES (zeroblob(1000000))';
  const database = join(directory, 'state/openclaw.sqlite');
  sqlAndDie(node, database, 'PRAGMA journal_mode = WAL', 'CREATE TABLE t (x)', rows, 'SELECT 1');
  const root = rootAt(join(disk.mountPoint, 'root'));
  prepareRoot(root);
  const { kept } = await takeSnapshot({
    root,
    release: '1',
    change: 'c',
    place: { directory, config: null },
    node,
  });
  disk.cut();
  await disk.unmount();
  disk.mount();
  expect(listSnapshots(root)).toEqual([kept]);
  const states = join(root.states, kept.name);
  const { entries } = readFileList(states);
  const copied = entries.flatMap((entry) => (entry.kind === 'file' ? [entry] : []));
  expect(copied).toHaveLength(202);
  for (const { path, size, sha256 } of copied) {
    expect({ path, ...digestFile(join(states, KEPT.files, path)) }).toEqual({ path, size, sha256 });
  }
  expect(digestFile(join(states, KEPT.history, 'agents/main/sessions/one.jsonl')).size).toBe(4);
});
