import { exec } from '../exec.js';

const LOOK_TIMEOUT_MS = 20_000;

/** Node without the caller's options and without warnings about experimental features. */
export const QUIET = { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' };

/** Finds the first Node with SQLite and its online backup (22.16 and later, 23.8 and later), or null. */
export async function findSqliteNode(candidates: readonly string[]): Promise<string | null> {
  const look = ['-e', "process.exit(typeof require('node:sqlite').backup === 'function' ? 0 : 1)"];
  for (const node of new Set(candidates)) {
    if ((await exec(node, look, { env: QUIET, timeoutMs: LOOK_TIMEOUT_MS })).ok) return node;
  }
  return null;
}
