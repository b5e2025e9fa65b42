import { existsSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { ReleasesError } from '../../core/errors.js';
import { digestFile } from '../digest.js';
import { holdersOf } from '../open-files.js';
import { serve } from '../serve.js';
import type { Selection, SqliteOrder, SqliteResult, TableRow } from './orders.js';

/** Program for a Node that has SQLite, which our own may lack. */

/** Milliseconds to wait for another process's lock. */
const BUSY_MS = 10_000;
/** Pages between two reports: 32 MiB at the usual page size of 4 KiB. */
const PAGES_PER_STEP = 8192;
/** Bytes of the largest copy to check; beyond it the check takes longer than the copy. */
const LARGEST_CHECKED = 256 * 2 ** 20;

const BUSY = 5;
const READ_ONLY = 8;
const CORRUPT = 11;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

function resultCode(error: unknown): number {
  return Number((error as { errcode?: unknown }).errcode) & 0xff;
}

/** Opens with a transaction that hides later writes of others; calls `use`, and closes without a commit. */
async function use<T>(
  database: DatabaseSync,
  begin: string,
  work: (open: DatabaseSync) => T,
): Promise<Awaited<T>> {
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    database.exec(begin);
    number(database, 'user_version');
    return await work(database);
  } finally {
    database.close();
  }
}

/** Reads only where possible; after a killed process only a connection that may write can read the database. */
async function read<T>(path: string, work: (open: DatabaseSync) => T): Promise<Awaited<T>> {
  try {
    return await use(new DatabaseSync(path, { readOnly: true }), 'BEGIN', work);
  } catch (error) {
    if (![READ_ONLY, CANNOT_OPEN].includes(resultCode(error))) throw error;
    return use(writable(path), 'BEGIN', work);
  }
}

/** `rw` without `c`: an absent file must not be created. */
function writable(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  url.searchParams.set('mode', 'rw');
  return new DatabaseSync(url);
}

function number(database: DatabaseSync, pragma: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

async function copy(source: DatabaseSync, to: string, tell: (bytes: number) => void): Promise<SqliteResult> {
  const pageBytes = number(source, 'page_size');
  await backup(source, to, {
    rate: PAGES_PER_STEP,
    progress: ({ totalPages, remainingPages }) => tell((totalPages - remainingPages) * pageBytes),
  });
  const small = pageBytes * number(source, 'page_count') < LARGEST_CHECKED;
  const damaged = small ? checkCopy(to) : null;
  if (damaged === null || check(source) !== null) return { kind: 'copied', ...digestFile(to), damaged };
  throw new Error(`its copy is damaged (${damaged})`);
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

function columnsOf(database: DatabaseSync, table: string): string[] {
  const columns = database.prepare(`SELECT name FROM pragma_table_info('${table}')`).all();
  return columns.map(({ name }) => String(name));
}

function rowsOf(database: DatabaseSync, tables: Selection[]): SqliteResult {
  const present = tables.filter(({ table }) => columnsOf(database, table).length > 0);
  const rows = present.flatMap(({ table, where }) => {
    const found = database.prepare(`SELECT * FROM ${table} WHERE ${where}`).all();
    return found.map((row) => ({ table, row: { ...row } as TableRow['row'] }));
  });
  return { kind: 'rows', rows };
}

/** Replaces all rows, except in a table that lacks columns of these rows: it belongs to another release. */
function replace(database: DatabaseSync, tables: Selection[], rows: TableRow[]): void {
  for (const { table, where } of tables) {
    const columns = columnsOf(database, table);
    const kept = rows.filter((row) => row.table === table);
    const fits = kept.every(({ row }) => Object.keys(row).every((column) => columns.includes(column)));
    if (columns.length === 0 || !fits) continue;
    database.exec(`DELETE FROM ${table} WHERE ${where}`);
    for (const { row } of kept) {
      const names = Object.keys(row);
      const marks = names.map(() => '?').join(', ');
      const insert = database.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks})`);
      insert.run(...Object.values(row));
    }
  }
  database.exec('COMMIT');
}

async function carryOut(order: SqliteOrder, tell: (bytes: number) => void): Promise<SqliteResult> {
  const { database: path } = order;
  try {
    switch (order.kind) {
      case 'version':
        return await read(path, (open) => ({ kind: 'version', version: number(open, 'user_version') }));
      case 'copy':
        return await read(path, (open) => copy(open, order.to, tell));
      case 'rows':
        return await read(path, (open) => rowsOf(open, order.tables));
      case 'replace':
        return await use(writable(path), 'BEGIN IMMEDIATE', (open) => {
          replace(open, order.tables, order.rows);
          return { kind: 'rows', rows: order.rows };
        });
    }
  } catch (error) {
    const code = resultCode(error);
    const passesOver = order.kind === 'version' || order.kind === 'copy';
    if (passesOver && !existsSync(path)) return { kind: 'absent', why: 'gone' };
    if (passesOver && [CORRUPT, NOT_A_DATABASE].includes(code)) return { kind: 'absent', why: 'no-database' };
    throw code === BUSY ? locked(path) : failed(path, (error as Error).message);
  }
}

function failed(database: string, message: string): ReleasesError {
  return new ReleasesError('snapshot_failed', `The database ${database} could not be read: ${message}.`, {
    hint: `ls -l '${database}'*`,
  });
}

function locked(database: string): ReleasesError {
  const holders = holdersOf(database).map(({ pid, command }) => `${pid} (${command})`);
  const who =
    holders.length > 0 ? `by process ${holders.join(', ')}` : 'by a process that cannot be seen from here';
  return new ReleasesError('snapshot_failed', `The database ${database} is locked ${who}.`, {
    hint: 'End that process, or let it finish, then give the same command again.',
  });
}

serve<SqliteOrder[], number>(async (orders, tell) => {
  const results: SqliteResult[] = [];
  let copied = 0;
  for (const order of orders) {
    const result = await carryOut(order, (bytes) => tell(copied + bytes));
    if (result.kind === 'copied') copied += result.size;
    results.push(result);
  }
  return results;
});
