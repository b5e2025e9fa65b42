import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { ReleasesError } from '../../core/errors.js';
import { ownFile } from '../../core/own-files.js';
import { untilEnded } from '../../host/ending.js';
import { holdersOf } from '../open-files.js';
import { throwIfInterrupted } from './interrupted.js';
import { QUIET } from './sqlite-node.js';
import { isPassedOver, type SqliteAnswer, type SqliteOrder } from './sqlite-orders.js';

const WORKER = ownFile('dist/state/snapshot/sqlite-worker.js');

export interface SqliteOptions {
  signal?: AbortSignal | undefined;
  /** Bytes of all databases copied so far. */
  onProgress?: ((bytes: number) => void) | undefined;
}

export type SqliteResult = Exclude<SqliteAnswer, { kind: 'progress' }>;

/**
 * Reads or copies databases, one after the other, in a process that has SQLite. The process ends with this one and is
 * killed when `signal` aborts. A vanished file, or a file that only resembles a database, fails only its own order.
 * @param node a program that `findSqliteNode` has found
 * @throws ReleasesError `snapshot_failed` (locked, or cannot be read), `interrupted`
 */
export async function runSqlite(
  node: string,
  orders: SqliteOrder[],
  { signal, onProgress }: SqliteOptions = {},
): Promise<SqliteResult[]> {
  if (orders.length === 0) return [];
  throwIfInterrupted(signal);
  const child = execa(node, [WORKER], {
    ...QUIET,
    reject: false,
    buffer: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: ['pipe'],
    forceKillAfterDelay: false,
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said = (said + data).slice(-2000);
  });
  // SIGKILL: an unwanted copy needs no cleanup.
  const stop = () => void child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  const results: SqliteResult[] = [];
  const isThrough = () => {
    const last = results.at(-1);
    return results.length === orders.length || (last !== undefined && isLast(last));
  };
  let copied = 0;
  try {
    // The exit of the child is reported below, so a broken pipe adds nothing.
    child.stdin.on('error', () => {});
    child.stdin.write(`${JSON.stringify(orders)}\n`);
    for await (const line of createInterface({ input: child.stdout })) {
      const answer = JSON.parse(line) as SqliteAnswer;
      if (answer.kind !== 'progress') results.push(answer);
      if (answer.kind === 'copied') copied += answer.size;
      onProgress?.(answer.kind === 'progress' ? copied + answer.bytes : copied);
      // The worker may never exit: nodejs/node#54918.
      if (isThrough()) break;
    }
    if (!isThrough()) await untilEnded(child);
  } finally {
    stop();
    signal?.removeEventListener('abort', stop);
  }
  const ended = await child;
  throwIfInterrupted(signal);
  const last = results.at(-1);
  if (last && isLast(last)) throw failed(last);
  if (results.length === orders.length) return results;
  const how = ended.signal ?? `code ${ended.exitCode}`;
  throw new ReleasesError(
    'snapshot_failed',
    `The process that reads databases ended early (${how}): ${said.trim().split('\n').slice(-3).join(' / ')}`,
    { hint: 'Look for an out-of-memory kill: journalctl -k -e' },
  );
}

function isLast(answer: SqliteAnswer): answer is SqliteResult & { kind: 'failed' } {
  return answer.kind === 'failed' && !isPassedOver(answer.why);
}

function failed({ database, why, message }: SqliteResult & { kind: 'failed' }): ReleasesError {
  if (why !== 'busy') {
    return new ReleasesError('snapshot_failed', `The database ${database} could not be read: ${message}.`, {
      hint: `ls -l '${database}'*`,
    });
  }
  const holders = holdersOf(database).map(({ pid, command }) => `${pid} (${command})`);
  const who =
    holders.length > 0 ? `by process ${holders.join(', ')}` : 'by a process that cannot be seen from here';
  return new ReleasesError('snapshot_failed', `The database ${database} is locked ${who}.`, {
    hint: 'End that process, or let it finish, then give the same command again.',
  });
}
