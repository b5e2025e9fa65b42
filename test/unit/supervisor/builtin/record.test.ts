import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRunRecord, writeRunRecord } from '../../../../src/supervisor/builtin/record.js';
import { IMPOSTOR_NAMES, replaceBy } from '../../../support/damage.js';
import { temporaryDirectory } from '../../../support/place.js';

const log = () => {};

test('run.json names the supervisor that wrote it', () => {
  const root = temporaryDirectory();
  expect(readRunRecord(root)).toBeNull();
  writeRunRecord(root, null, log);
  const parents = expect.arrayContaining([expect.objectContaining({ pid: process.ppid })]);
  expect(readRunRecord(root)).toMatchObject({ supervisor: { pid: process.pid }, parents, gateway: null });
});

test.each(['', '{', '[]', 'null', '{"supervisor":{"pid":-1}}'])(
  'run.json with the text %j names nobody',
  (text) => {
    const root = temporaryDirectory();
    writeFileSync(join(root, 'run.json'), text);
    expect(readRunRecord(root)).toBeNull();
  },
);

test("run.json keeps the facts of the gateway's start, and no gateway whose facts are no such facts", () => {
  const root = temporaryDirectory();
  const gateway = { pid: process.pid, startTicks: 1, bootId: 'this', start: { restarts: 2, port: '18790' } };
  writeRunRecord(root, gateway, log);
  expect(readRunRecord(root)?.gateway).toEqual(gateway);
  for (const start of [null, {}, { restarts: '2', port: null }, { restarts: 2, port: 18790 }]) {
    writeFileSync(
      join(root, 'run.json'),
      JSON.stringify({ supervisor: gateway, gateway: { ...gateway, start } }),
    );
    expect(readRunRecord(root)?.gateway).toBeNull();
  }
});

test.each(IMPOSTOR_NAMES)('run.json that is %s names nobody and is not waited for', (how) => {
  const root = temporaryDirectory();
  writeRunRecord(root, null, log);
  replaceBy(join(root, 'run.json'), how);
  expect(readRunRecord(root)).toBeNull();
});
