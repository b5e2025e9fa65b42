import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { IndexOrder, IndexRow } from './plugin-index.js';

/**
 * A process of its own, run by a Node that has SQLite: the one that runs everything else may be too old for it. The
 * order comes as JSON on its input, the answer goes as JSON to its output.
 */

/** How long the database may be locked by another process; milliseconds. */
const BUSY_MS = 10_000;

/** Where OpenClaw has kept the index of installed plugins, by release: a table of its own, later one row among others. */
const PLACES = [
  { table: 'installed_plugin_index', where: '1' },
  { table: 'config_machine_state', where: "state_key = 'plugins.installedIndex'" },
];

function open(path: string, write: boolean): DatabaseSync {
  // Never one that is not there: it would be made. Nor read-only: what a killed process left half done can only be
  // understood by a connection that may finish it.
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

/** All places become as they were; one whose columns are others now belongs to another release, and stays. */
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
