import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { backup, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { digestFile } from './digest.js';
import { type Failure, isPassedOver, type SqliteAnswer, type SqliteOrder } from './sqlite-orders.js';

/** Runs in a Node that has SQLite; exits when its input ends, because the requester is then gone. */

/** Milliseconds to wait for another process's lock. */
const BUSY_MS = 10_000;
/** Pages between two reports: 32 MiB at the usual page size of 4 KiB. */
const PAGES_PER_STEP = 8192;
/** Bytes of the largest copy to check; beyond it the check takes longer than the copy. */
const LARGEST_CHECKED = 256 * 2 ** 20;

/** SQLite's primary result codes. */
const BUSY = 5;
const READ_ONLY = 8;
const CORRUPT = 11;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

function say(answer: SqliteAnswer): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

function resultCode(error: unknown): number {
  return Number((error as { errcode?: unknown }).errcode) & 0xff;
}

/**
 * Opens a database with a transaction that hides later writes of others. Opens read-only where possible; after a killed
 * process only a connection that may write can read the database.
 */
function open(path: string): DatabaseSync {
  try {
    return hold(new DatabaseSync(path, { readOnly: true }));
  } catch (error) {
    if (![READ_ONLY, CANNOT_OPEN].includes(resultCode(error))) throw error;
    // `rw` without `c`: an absent file must not be created.
    const url = pathToFileURL(path);
    url.searchParams.set('mode', 'rw');
    return hold(new DatabaseSync(url));
  }
}

function hold(database: DatabaseSync): DatabaseSync {
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    database.exec('BEGIN');
    number(database, 'user_version');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function number(database: DatabaseSync, pragma: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

async function copy(from: string, to: string): Promise<SqliteAnswer> {
  const source = open(from);
  try {
    const pageBytes = number(source, 'page_size');
    await backup(source, to, {
      rate: PAGES_PER_STEP,
      progress: ({ totalPages, remainingPages }) => {
        say({ kind: 'progress', bytes: (totalPages - remainingPages) * pageBytes });
      },
    });
    const small = pageBytes * number(source, 'page_count') < LARGEST_CHECKED;
    const damaged = small ? checkCopy(to) : null;
    if (damaged === null || check(source) !== null) return { kind: 'copied', ...digestFile(to), damaged };
    throw new Error(`its copy is damaged (${damaged})`);
  } finally {
    source.close();
  }
}

/** Opens the copy as immutable, so that SQLite creates no side files; no other process uses it. */
function checkCopy(path: string): string | null {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  const database = new DatabaseSync(url, { readOnly: true });
  try {
    return check(database);
  } finally {
    database.close();
  }
}

function check(database: DatabaseSync): string | null {
  try {
    const said = String(Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0]);
    return said === 'ok' ? null : said;
  } catch (error) {
    return (error as Error).message;
  }
}

async function carryOut(order: SqliteOrder): Promise<SqliteAnswer> {
  try {
    if (order.kind === 'copy') return await copy(order.database, order.to);
    const database = open(order.database);
    try {
      return { kind: 'version', version: number(database, 'user_version') };
    } finally {
      database.close();
    }
  } catch (error) {
    const code = resultCode(error);
    const { message } = error as Error;
    return { kind: 'failed', database: order.database, why: failure(code, order.database), message };
  }
}

function failure(code: number, database: string): Failure {
  if (!existsSync(database)) return 'gone';
  if (code === BUSY) return 'busy';
  return code === CORRUPT || code === NOT_A_DATABASE ? 'no-database' : 'other';
}

const input = createInterface({ input: process.stdin });
input.once('close', () => process.exit());
input.once('line', async (line) => {
  for (const order of JSON.parse(line) as SqliteOrder[]) {
    const answer = await carryOut(order);
    say(answer);
    if (answer.kind === 'failed' && !isPassedOver(answer.why)) break;
  }
  input.close();
});
