import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readStateVersions } from '../../src/state/versions.js';
import { sql, useDatabase } from '../support/database.js';
import { temporaryDirectory } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';

const node = await sqliteNode();

test('a locked database is waited for, and the process that still locks it after ten seconds is named', async () => {
  const place = { directory: temporaryDirectory('state'), config: null };
  mkdirSync(join(place.directory, 'state'));
  const locked = join(place.directory, 'state/a.sqlite');
  sql(
    node,
    locked,
    'PRAGMA journal_mode = WAL',
    'CREATE TABLE t (x)',
    'INSERT INTO t VALUES (1)',
    'SELECT 1',
  );
  const pid = await useDatabase(node, 'holder', locked);
  const began = performance.now();
  await expect(readStateVersions(place, node)).rejects.toMatchObject({
    code: 'snapshot_failed',
    message: expect.stringContaining(`${locked} is locked by process ${pid} (`),
  });
  expect(performance.now() - began).toBeGreaterThan(9_000);
});
