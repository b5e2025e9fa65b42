import { execa } from 'execa';

const LOOK_TIMEOUT_MS = 20_000;

/** Finds the first Node with SQLite and its online backup (22.16 and later, 23.8 and later), or null. */
export async function findSqliteNode(candidates: readonly string[]): Promise<string | null> {
  for (const node of new Set(candidates)) {
    const { exitCode } = await execa(
      node,
      ['-e', "process.exit(typeof require('node:sqlite').backup === 'function' ? 0 : 1)"],
      { ...QUIET, reject: false, stdio: 'ignore', timeout: LOOK_TIMEOUT_MS },
    );
    if (exitCode === 0) return node;
  }
  return null;
}

/** Starts Node without the caller's options and without warnings about experimental features. */
export const QUIET = { env: { NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' } };
