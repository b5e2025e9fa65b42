import { ReleasesError } from '../../core/errors.js';
import { ownFile } from '../../core/own-files.js';
import { askWorker } from '../worker.js';
import type { SqliteOrder, SqliteResult } from './orders.js';
import { QUIET } from './sqlite-node.js';

const WORKER = ownFile('dist/host/sqlite/sqlite-worker.js');

export interface SqliteOptions {
  signal?: AbortSignal | undefined;
  /** Bytes of all databases copied so far. */
  onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Reads, copies or changes databases, one after the other, in a process that has SQLite.
 * @param node a program that `findSqliteNode` has found
 * @throws ReleasesError `snapshot_failed` (locked, or cannot be read), `interrupted`
 */
export async function runSqlite(
  node: string,
  orders: SqliteOrder[],
  { signal, onProgress }: SqliteOptions = {},
): Promise<SqliteResult[]> {
  if (orders.length === 0) return [];
  return askWorker<SqliteResult[], number>(orders, {
    command: [node, WORKER],
    env: QUIET,
    signal,
    onProgress,
    died: (how, said) =>
      new ReleasesError('snapshot_failed', `The process that reads databases ended early (${how}): ${said}`, {
        hint: 'Look for an out-of-memory kill: journalctl -k -e',
      }),
  });
}
