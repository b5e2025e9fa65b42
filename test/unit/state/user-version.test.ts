import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { userVersion } from '../../../src/state/user-version.js';
import { sql, sqlAndDie } from '../../support/database.js';
import { temporaryDirectory } from '../../support/place.js';
import { sqliteNode } from '../../support/sqlite-node.js';

const node = await sqliteNode();
const WAL = ['PRAGMA journal_mode = WAL', 'CREATE TABLE t (x)'];
/** Rows enough for more pages than SQLite keeps in memory when it is set to keep few. */
const MANY =
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 400) INSERT INTO t SELECT hex(randomblob(200)) FROM n';

const databaseIn = (): string => join(temporaryDirectory('user version'), 'a.sqlite');

function copyOf(database: string): string {
  const copy = join(temporaryDirectory('copy'), 'a.sqlite');
  for (const side of ['', '-wal']) copyFileSync(database + side, copy + side);
  return copy;
}

/** Reads a copy of a database and its log with SQLite. */
function asSqlite(database: string): number {
  return Number(sql(node, copyOf(database), 'PRAGMA user_version')?.user_version);
}

/** Reads many databases with SQLite, in one process. */
function allAsSqlite(databases: string[]): number[] {
  const script = `
    const { DatabaseSync } = require('node:sqlite');
    const version = (path) => new DatabaseSync(path).prepare('PRAGMA user_version').get().user_version;
    console.log(JSON.stringify(JSON.parse(process.argv[1]).map(version)));`;
  const env = { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' };
  return JSON.parse(execFileSync(node, ['-e', script, JSON.stringify(databases)], { env, encoding: 'utf8' }));
}

describe('the version of a database is read without SQLite', () => {
  test('when everything is in its one file', () => {
    const database = databaseIn();
    sql(node, database, ...WAL, 'PRAGMA user_version = 18', 'SELECT 1');
    expect(userVersion(database)).toBe(18);
  });

  test('when it is negative', () => {
    const database = databaseIn();
    sql(node, database, ...WAL, 'PRAGMA user_version = -2', 'SELECT 1');
    expect(userVersion(database)).toBe(-2);
  });

  test('when the last one is only in the log yet', () => {
    const database = databaseIn();
    sqlAndDie(
      node,
      database,
      ...WAL,
      'PRAGMA user_version = 5',
      MANY,
      'PRAGMA user_version = 6',
      MANY,
      'SELECT 1',
    );
    expect(userVersion(database)).toBe(6);
    expect(asSqlite(database)).toBe(6);
  });

  test('when an uncommitted one is in the log, too', () => {
    const database = databaseIn();
    const spill = ['PRAGMA cache_size = 2', 'BEGIN', 'PRAGMA user_version = 7', MANY, MANY, 'SELECT 1'];
    sqlAndDie(node, database, ...WAL, 'PRAGMA user_version = 6', ...spill);
    expect(statSync(`${database}-wal`).size, 'some of it was written').toBeGreaterThan(100_000);
    expect(userVersion(database)).toBe(6);
    expect(asSqlite(database)).toBe(6);
  });

  test('when a transaction that raised it lost its end', () => {
    const database = databaseIn();
    const raise = ['BEGIN', 'PRAGMA user_version = 7', MANY, 'COMMIT', 'SELECT 1'];
    sqlAndDie(node, database, ...WAL, 'PRAGMA user_version = 6', ...raise);
    expect(userVersion(database)).toBe(7);
    // First page of the transaction, still whole.
    truncateSync(`${database}-wal`, statSync(`${database}-wal`).size - 1);
    expect(userVersion(database)).toBe(6);
    expect(asSqlite(database)).toBe(6);
  });

  test('when the log was used again from its beginning', () => {
    const database = databaseIn();
    const before = [MANY, 'PRAGMA user_version = 3', 'PRAGMA wal_checkpoint(RESTART)'];
    sqlAndDie(node, database, ...WAL, ...before, 'PRAGMA user_version = 4', 'SELECT 1');
    expect(userVersion(database)).toBe(4);
    expect(asSqlite(database)).toBe(4);
  });

  test('as SQLite reads it, however its log was cut off or damaged', () => {
    const database = databaseIn();
    const steps = [1, 2, 3, 4, 5].flatMap((version) => [
      `PRAGMA user_version = ${version}`,
      'INSERT INTO t VALUES (1)',
    ]);
    sqlAndDie(node, database, ...WAL, ...steps, 'SELECT 1');
    const log = `${database}-wal`;
    const whole = readFileSync(log);
    const rounds: { what: string; copy: string; version: number | null }[] = [];
    for (let round = 0; round < 24; round++) {
      const at = Math.floor((round / 24) * whole.length);
      writeFileSync(log, whole);
      if (round % 2 === 0) truncateSync(log, at);
      else {
        const damaged = Buffer.from(whole);
        damaged.writeUInt8(damaged.readUInt8(at) ^ 0xff, at);
        writeFileSync(log, damaged);
      }
      const what = `${round % 2 ? 'damaged' : 'cut off'} at ${at}`;
      rounds.push({ what, copy: copyOf(database), version: userVersion(database) });
    }
    const expected = allAsSqlite(rounds.map(({ copy }) => copy));
    expect(rounds.map(({ what, version }) => [what, version])).toEqual(
      rounds.map(({ what }, round) => [what, expected[round]]),
    );
    expect(new Set(expected).size).toBeGreaterThan(3);
  });

  test('but not while a transaction is to be rolled back, nor of what is no database', () => {
    const database = databaseIn();
    sql(node, database, 'CREATE TABLE t (x)', 'PRAGMA user_version = 2', 'SELECT 1');
    expect(userVersion(database)).toBe(2);
    appendFileSync(`${database}-journal`, 'half');
    expect(userVersion(database)).toBeNull();
    const other = join(temporaryDirectory('other'), 'x');
    writeFileSync(other, 'x'.repeat(4096));
    expect(userVersion(other)).toBeNull();
    expect(statSync(other).size).toBe(4096);
  });
});
