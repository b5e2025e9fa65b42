import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { IndexOrder, IndexRow } from './plugin-index.js';

/** Program for a Node that has SQLite, which our own may lack. Reads JSON from stdin, writes JSON to stdout. */

const BUSY_MS = 10_000;

/** Tables of the index of installed plugins: its own in older releases, later one row among others. */
const PLACES = [
  { table: 'installed_plugin_index', where: '1' },
  { table: 'config_machine_state', where: "state_key = 'plugins.installedIndex'" },
];

function open(path: string, write: boolean): DatabaseSync {
  // Mode `rw` never creates the database. Read-only could not recover what a killed process left unfinished.
  const url = pathToFileURL(path);
  url.searchParams.set('mode', 'rw');
  const database = new DatabaseSync(url);
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  database.exec(write ? 'BEGIN IMMEDIATE' : 'BEGIN');
  return database;
}

function columnsOf(database: DatabaseSync, table: string): string[] {
  return database
    .prepare(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
    .map(({ name }) => String(name));
}

function read(database: DatabaseSync): IndexRow[] {
  return PLACES.filter(({ table }) => columnsOf(database, table).length > 0).flatMap(({ table, where }) =>
    database
      .prepare(`SELECT * FROM ${table} WHERE ${where}`)
      .all()
      .map((row) => ({ table, row: { ...row } as IndexRow['row'] })),
  );
}

/** Restores all rows, except in a table that lost columns of these rows: it belongs to another release. */
function write(database: DatabaseSync, rows: IndexRow[]): void {
  for (const { table, where } of PLACES) {
    const columns = columnsOf(database, table);
    const kept = rows.filter((row) => row.table === table);
    const fits = kept.every(({ row }) => Object.keys(row).every((column) => columns.includes(column)));
    if (columns.length === 0 || !fits) continue;
    database.exec(`DELETE FROM ${table} WHERE ${where}`);
    for (const { row } of kept) {
      const names = Object.keys(row);
      const marks = names.map(() => '?').join(', ');
      database
        .prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks})`)
        .run(...Object.values(row));
    }
  }
}

function answer(order: IndexOrder): IndexRow[] {
  const database = open(order.database, order.rows !== undefined);
  try {
    if (order.rows) write(database, order.rows);
    const rows = read(database);
    database.exec('COMMIT');
    return rows;
  } finally {
    database.close();
  }
}

process.stdout.write(JSON.stringify(answer(JSON.parse(readFileSync(0, 'utf8')) as IndexOrder)));
