import { execa } from 'execa';

const LOOK_TIMEOUT_MS = 20_000;

/**
 * The first of these programs that is a Node with SQLite and its online backup (22.16 and later, 23.8 and later), or
 * null. What is not there, or is no Node, is passed over.
 * @param candidates paths, tried in this order
 */
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

/** For each Node that is started here: no options of whoever started this process, and no words about experiments. */
export const QUIET = { env: { NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' } };
