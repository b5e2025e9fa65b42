import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findSqliteNode } from '../../src/host/sqlite/sqlite-node.js';

/** Node that `npm ci` fetches where the installing one has no SQLite (`fetch-node.ts`). */
export const FETCHED_NODE = {
  directory: fileURLToPath(new URL('../../node_modules/.cache/openclaw-releases/node-24', import.meta.url)),
  package: `node-linux-${process.arch}`,
  major: 24,
};

const fetched = join(FETCHED_NODE.directory, 'node_modules', FETCHED_NODE.package, 'bin/node');
let found: Promise<string> | undefined;

/** A Node with SQLite: that of the tests if it has it, else the fetched one. */
export function sqliteNode(): Promise<string> {
  found ??= find();
  return found;
}

async function find(): Promise<string> {
  const node = await findSqliteNode([process.execPath, fetched]);
  if (node === null) throw new Error(`No Node with SQLite at ${fetched}. Next: npm ci`);
  return node;
}
