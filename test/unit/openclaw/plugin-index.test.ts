import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readIndexRows, writeIndexRows } from '../../../src/openclaw/plugin-index.js';
import { temporaryDirectory } from '../../support/place.js';
import { sqliteNode } from '../../support/sqlite-node.js';

async function damagedState() {
  const state = temporaryDirectory('plugins');
  const database = join(state, 'state/openclaw.sqlite');
  mkdirSync(join(state, 'state'));
  writeFileSync(database, 'no database, and longer than the header of one would be. '.repeat(20));
  return { database, place: { state, config: join(state, 'openclaw.json'), node: await sqliteNode() } };
}

test('an index in a damaged database is named, and neither read nor written', async () => {
  const { database, place } = await damagedState();
  const before = readFileSync(database);
  const failed = {
    code: 'write_failed',
    message: expect.stringContaining(`The list of plugins in ${database} could not be used: `),
  };
  await expect(readIndexRows(place)).rejects.toMatchObject(failed);
  await expect(writeIndexRows(place, [])).rejects.toMatchObject(failed);
  expect(readFileSync(database).equals(before)).toBe(true);
});
