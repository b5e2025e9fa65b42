import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findSqliteNode } from '../../../src/host/sqlite/sqlite-node.js';
import { readStateVersions } from '../../../src/state/versions.js';
import { areSame } from '../../../src/state/versions-on-disk.js';
import { impatient, sql, sqlAndDie, useDatabase } from '../../support/database.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';
import { sqliteNode } from '../../support/sqlite-node.js';

const node = await sqliteNode();

function aState(): { directory: string; config: null } {
  const directory = writeTree(temporaryDirectory('state'), {
    'openclaw.json': '{meta:{lastTouchedVersion:"2026.6.1"}}',
  });
  mkdirSync(join(directory, 'state'));
  return { directory, config: null };
}

test('databases are known by what they begin with, and a version that is only in the -wal yet is seen', async () => {
  const place = aState();
  const at = (name: string) => join(place.directory, 'state', name);
  sql(
    node,
    at('closed'),
    'PRAGMA journal_mode = WAL',
    'CREATE TABLE t (x)',
    'PRAGMA user_version = 3',
    'SELECT 1',
  );
  sql(node, at('rollback.db'), 'CREATE TABLE t (x)', 'PRAGMA user_version = 4', 'SELECT 1');
  const setup = ['PRAGMA journal_mode = WAL', 'CREATE TABLE t (x)', 'PRAGMA wal_checkpoint(TRUNCATE)'];
  sqlAndDie(node, at('killed.sqlite'), ...setup, 'PRAGMA user_version = 5', 'SELECT 1');
  writeFileSync(at('none.sqlite'), 'SQLite format 3 is what I begin with, and nothing else. '.repeat(20));
  writeFileSync(at('empty.sqlite'), '');
  mkdirSync(join(place.directory, 'tmp'));
  sql(node, join(place.directory, 'tmp/lock.sqlite'), 'CREATE TABLE t (x)', 'SELECT 1');
  const before = readdirSync(join(place.directory, 'state'));
  expect(await readStateVersions(place, node)).toEqual({
    databases: { 'state/closed': 3, 'state/killed.sqlite': 5, 'state/rollback.db': 4 },
    config: '2026.6.1',
  });
  expect(readdirSync(join(place.directory, 'state'))).toEqual(before);
  expect(existsSync(at('killed.sqlite-wal'))).toBe(true);
});

test('a state without a configuration or a database has versions, too', async () => {
  expect(await readStateVersions({ directory: temporaryDirectory(), config: null }, node)).toEqual({
    databases: {},
    config: null,
  });
});

test('a database that is written all the time is read; a locked one names the process that locks it', async () => {
  const place = aState();
  const database = join(place.directory, 'state/a.sqlite');
  sql(node, database, 'PRAGMA journal_mode = WAL', 'PRAGMA user_version = 9', 'SELECT 1');
  await useDatabase(node, 'writer', database);
  expect((await readStateVersions(place, node)).databases).toEqual({ 'state/a.sqlite': 9 });
  const locked = join(place.directory, 'state/b.sqlite');
  sql(
    node,
    locked,
    'PRAGMA journal_mode = WAL',
    'CREATE TABLE t (x)',
    'INSERT INTO t VALUES (1)',
    'SELECT 1',
  );
  const pid = await useDatabase(node, 'holder', locked);
  await expect(readStateVersions(place, impatient(node))).rejects.toMatchObject({
    code: 'snapshot_failed',
    message: expect.stringMatching(new RegExp(`${locked} is locked by process ${pid} \\(`)),
  });
});

test('versions are equal only when every database and the configuration are', () => {
  const versions = { databases: { a: 1, b: 2 }, config: '2026.6.1' };
  expect(areSame(versions, { databases: { b: 2, a: 1 }, config: '2026.6.1' })).toBe(true);
  expect(areSame(versions, { databases: { a: 1, b: 3 }, config: '2026.6.1' })).toBe(false);
  expect(areSame(versions, { databases: { a: 1 }, config: '2026.6.1' })).toBe(false);
  expect(areSame({ ...versions, databases: { a: 1 } }, versions)).toBe(false);
  expect(areSame(versions, { databases: { a: 1, c: 2 }, config: '2026.6.1' })).toBe(false);
  expect(areSame(versions, { ...versions, config: null })).toBe(false);
});

test('a Node without SQLite, and what is no Node, are passed over', async () => {
  const old = join(temporaryDirectory(), 'node');
  writeFileSync(old, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  expect(await findSqliteNode([old, '/nowhere/node', '/bin/sh', node])).toBe(node);
  expect(await findSqliteNode([old, '/nowhere/node'])).toBe(null);
});
