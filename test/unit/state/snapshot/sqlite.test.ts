import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runSqlite } from '../../../../src/host/sqlite/sqlite.js';
import { databaseOfSideFile, readDatabaseHeader } from '../../../../src/state/databases.js';
import { copyFile } from '../../../../src/state/snapshot/copy-file.js';
import { takeSnapshot } from '../../../../src/state/snapshot/snapshot.js';
import { KEPT } from '../../../../src/state/snapshot-layout.js';
import { sql, sqlAndDie } from '../../../support/database.js';
import { temporaryDirectory, temporaryRoot } from '../../../support/place.js';
import { sqliteNode } from '../../../support/sqlite-node.js';

/** Writes while a large file is copied; no other process would do so in time on a busy machine. */
const writer = vi.hoisted(() => ({ write: () => {} }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const copyFile: typeof real.copyFile = async (...args) => {
    writer.write();
    await real.copyFile(...args);
  };
  return { ...real, copyFile };
});

const node = await sqliteNode();

function aPlace() {
  const directory = temporaryDirectory('state');
  mkdirSync(join(directory, 'state'));
  const root = temporaryRoot();
  const snapshot = async () => {
    const { kept, warnings } = await takeSnapshot({
      root,
      release: '1',
      change: 'c',
      place: { directory, config: null },
      node,
    });
    return { warnings, kept, files: join(root.states, kept.name, KEPT.files) };
  };
  return { directory, at: (name: string) => join(directory, 'state', name), snapshot };
}

/** A megabyte of rows. */
const ROWS =
  'INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT randomblob(500) FROM n';

test('a copy leaves out the uncommitted changes of a killed process', async () => {
  const { at, snapshot } = aPlace();
  sql(node, at('a.sqlite'), 'CREATE TABLE t (x)', ROWS, "UPDATE t SET x = 'before' || x", 'SELECT 1');
  // A cache of ten pages writes uncommitted data to the file, with the journal that undoes it beside it.
  const update = "UPDATE t SET x = 'after ' || substr(x, 7)";
  sqlAndDie(node, at('a.sqlite'), 'PRAGMA cache_size = 10', 'BEGIN', update, 'SELECT 1');
  expect(readFileSync(at('a.sqlite')).includes('after ')).toBe(true);
  const { files, warnings } = await snapshot();
  expect(warnings).toEqual([]);
  expect(existsSync(join(files, 'state/a.sqlite-journal'))).toBe(false);
  const count = "SELECT count(*) AS n FROM t WHERE substr(CAST(x AS BLOB), 1, 6) = CAST('before' AS BLOB)";
  expect(sql(node, join(files, 'state/a.sqlite'), count)).toEqual({ n: 2000 });
});

test('a file that only begins as a database is copied as it is, with its side files, and named', async () => {
  const { at, snapshot } = aPlace();
  const text = `SQLite format 3\0${'not at all '.repeat(100)}`;
  writeFileSync(at('odd'), text);
  writeFileSync(at('odd-wal'), 'and this');
  const { files, warnings, kept } = await snapshot();
  expect(warnings).toEqual([expect.stringContaining('"state/odd" begins as a database')]);
  expect(readFileSync(join(files, 'state/odd'), 'utf8')).toBe(text);
  expect(readFileSync(join(files, 'state/odd-wal'), 'utf8')).toBe('and this');
  expect(kept.files).toBe(2);
});

test('a database that is damaged already is copied as it is and named', async () => {
  const { at, snapshot } = aPlace();
  sql(node, at('a.sqlite'), 'CREATE TABLE t (x)', ROWS, 'SELECT 1');
  const fd = openSync(at('a.sqlite'), 'r+');
  for (let page = 3; page < 20; page++) writeSync(fd, Buffer.alloc(4096, 0x55), 0, 4096, page * 4096);
  const { files, warnings } = await snapshot();
  expect(warnings).toEqual([expect.stringContaining('The database "state/a.sqlite" is damaged: ')]);
  // Copying itself is a change to SQLite, in the first page.
  const beyond = (path: string) => readFileSync(path).subarray(4096);
  expect(beyond(join(files, 'state/a.sqlite')).equals(beyond(at('a.sqlite')))).toBe(true);
});

test('files whose names end as those beside a database do are kept when there is none', async () => {
  const { directory, at, snapshot } = aPlace();
  writeFileSync(at('great-wal'), 'of China');
  const { files } = await snapshot();
  expect(readFileSync(join(files, 'state/great-wal'), 'utf8')).toBe('of China');
  expect(databaseOfSideFile(at('great-wal'))).toBe(null);
  sql(node, at('great'), 'CREATE TABLE t (x)', 'SELECT 1');
  expect(databaseOfSideFile(at('great-wal'))).toBe(at('great'));
  expect(readDatabaseHeader(directory)).toBe(null);
});

test('looking for a database that vanished does not create one', async () => {
  const { at } = aPlace();
  const orders = [
    { kind: 'version' as const, database: at('gone.sqlite') },
    { kind: 'copy' as const, database: at('gone.sqlite'), to: at('copy') },
  ];
  expect(await runSqlite(node, orders)).toMatchObject([
    { kind: 'absent', why: 'gone' },
    { kind: 'absent', why: 'gone' },
  ]);
  expect(existsSync(at('gone.sqlite'))).toBe(false);
  expect(await copyFile(at('gone.sqlite'), at('copy'))).toBe(null);
  expect(existsSync(at('copy'))).toBe(false);
});

test('a process that ends before it has answered is an error with its last lines', async () => {
  const { at } = aPlace();
  await expect(runSqlite('/bin/false', [{ kind: 'version', database: at('a') }])).rejects.toMatchObject({
    code: 'snapshot_failed',
    message: expect.stringContaining('ended early (code 1)'),
  });
  const slowToEnd = at('slow-to-end');
  writeFileSync(slowToEnd, '#!/bin/sh\nexec 1>&-\necho torn >&2\nsleep 0.3\nexit 7\n', { mode: 0o755 });
  await expect(runSqlite(slowToEnd, [{ kind: 'version', database: at('a') }])).rejects.toMatchObject({
    message: expect.stringContaining('ended early (code 7): torn'),
  });
});

test('a file that is written all the time is copied as it is after three tries, and named', async () => {
  const { at, snapshot } = aPlace();
  writeFileSync(at('log'), Buffer.alloc(5e6, 'x'));
  writer.write = () => appendFileSync(at('log'), 'y');
  onTestFinished(() => {
    writer.write = () => {};
  });
  const { files, warnings } = await snapshot();
  expect(warnings).toEqual(['"state/log" changed all the time while it was copied.']);
  expect(readFileSync(join(files, 'state/log'), 'latin1')).toMatch(/^x+yyy$/);
});
