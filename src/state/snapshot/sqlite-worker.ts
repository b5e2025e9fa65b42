import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { backup, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { digestFile } from './digest.js';
import { type Failure, isPassedOver, type SqliteAnswer, type SqliteOrder } from './sqlite-orders.js';

/**
 * A process of its own, run by a Node that has SQLite: the one that runs everything else may be too old for it. Orders come
 * as one line of JSON; when its input ends, whoever gave them is gone, and so is the wish.
 */

/** How long a database may be locked by another process; milliseconds. */
const BUSY_MS = 10_000;
/** Pages copied between two reports: with the usual 4 KiB these are 32 MiB. */
const PAGES_PER_STEP = 8192;
/** A longer check of a larger copy would take longer than the copy did; bytes. */
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
 * Opens a database and holds it as it is now, until it is closed: what others write later is not seen, and a lock of
 * theirs has been waited for. Only reads where that is possible; what a killed process left half done can only be
 * understood by a connection that may finish it.
 */
function open(path: string): DatabaseSync {
  try {
    return hold(new DatabaseSync(path, { readOnly: true }));
  } catch (error) {
    if (![READ_ONLY, CANNOT_OPEN].includes(resultCode(error))) throw error;
    // Never one that is not there: it would be made.
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

/** The copy is nobody else's: to be called immutable spares it the side files of a look. */
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
