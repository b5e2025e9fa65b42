import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Json, type Schema, validator } from '@exodus/schemasafe';
import { beforeAll, expect, test } from 'vitest';
import { handle } from '../../src/rpc/handle.js';
import { rootAt } from '../../src/store/root.js';
import { answered, answerName, definitions, faultsIn } from '../support/answer-schema.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { type Answer, makeWorld, QUICK, type World } from '../support/world.js';

/** Command lines whose answers are compared: by the helper that runs them, and below by a library. */
const COMMAND_LINES = [
  ['setup', '--dry-run'],
  ['stage', '2026.6.3'],
  ['update', '2026.6.2', ...QUICK],
  ['update', '2026.6.1', '--dry-run'],
  ['switch', '2026.6.1', '--no-restart'],
  ['rollback', '--dry-run'],
  ['drill'],
  ['check'],
  ['pin', '2026.6.1'],
  ['unpin', '2026.6.1'],
  ['hold', '3d', '--why', 'a test'],
  ['list'],
  ['show', 'current'],
  ['status'],
  ['history'],
  ['history', '1'],
  ['verify'],
  ['scrub'],
  ['diff', '2026.6.1', '2026.6.2'],
  ['why', '2026.6.2'],
  ['unhold'],
  ['lockfile', 'import', 'ROOT/releases/2026.6.1/package-lock.json'],
  ['signers'],
  ['yanked'],
  ['pack', '2026.1.1'],
  ['import', 'ROOT/none.pack'],
  ['remove', '2026.6.3', '--dry-run'],
  ['prune', '--dry-run'],
  ['retention'],
  ['notify'],
  ['timer', 'enable', '--dry-run'],
  ['timer', 'enable'],
  ['timer', 'status'],
  ['timer', 'explain'],
  ['timer', 'run'],
  ['timer', 'disable'],
  ['recover'],
  ['report'],
  ['doctor'],
  ['adopt', '--dry-run'],
  ['unadopt'],
  ['cancel'],
  ['restart-now'],
  ['logs'],
  ['uninstall', '--dry-run'],
];

/**
 * Commands that fail here, or may: without a change, a gateway under systemd, its log. Other tests and lanes compare
 * their documents.
 */
const MAY_FAIL = ['pack', 'import', 'adopt', 'unadopt', 'cancel', 'restart-now', 'logs', 'uninstall'];

const atEnd = atEndOfAll();
let world: World;
const answers: { name: string; answer: Answer }[] = [];

beforeAll(async () => {
  world = await makeWorld(atEnd);
  for (const version of ['2026.6.1', '2026.6.2', '2026.6.3']) world.publish(version);
  const supervisor = await world.start('2026.6.1');
  for (const words of COMMAND_LINES) {
    const answer = await world.cli(...words.map((word) => word.replace('ROOT', world.root)));
    answers.push({ name: answerName(words) ?? '', answer });
  }
  supervisor.kill('SIGTERM');
  await supervisor.ended;
  const run = world.begin(['run']);
  await until('the gateway answers', async () => (await world.version()) !== null);
  run.kill('SIGTERM');
  answers.push({ name: 'run', answer: await run.ended });
});

test('every command with --json is asked, and answers with its document', () => {
  expect([...new Set(answers.map(({ name }) => name))].sort()).toEqual(answered.toSorted());
  const isFailure = ({ json: { schema: _, ok: __, ...rest } }: Answer) =>
    faultsIn('Failure', rest).length === 0;
  const failed = answers.flatMap(({ name, answer }) => (isFailure(answer) ? name : []));
  expect(failed.filter((name) => !MAY_FAIL.includes(name))).toEqual([]);
});

test('each answer fits the published schema of its command, as a library reads it', () => {
  const path = new URL('../../layout/schemas/views/answers.schema.json', import.meta.url);
  const published = JSON.parse(readFileSync(path, 'utf8')) as Schema & object;
  const names = [...new Set(answers.map(({ name }) => name))];
  const each = (name: string) => [name, { type: 'array', items: { $ref: `#/definitions/${name}` } }];
  const properties = Object.fromEntries(names.map(each));
  const schema = { $schema: published.$schema, definitions, properties, required: names };
  const check = validator(schema as Schema, { includeErrors: true, requireSchema: false, isJSON: true });
  const of = (wanted: string) =>
    answers.filter(({ name }) => name === wanted).map(({ answer }) => answer.json);
  const documents = Object.fromEntries(names.map((name) => [name, of(name)]));
  expect(check(documents as Json) ? [] : check.errors).toEqual([]);
  expect(check({ ...documents, status: [{ schema: 1, ok: true }] } as Json)).toBe(false);
});

test('status is a status of the schema, with a trial and a corrupt file', async () => {
  writeFileSync(join(world.root, 'timer-state.json'), '{');
  symlinkSync('2026.6.2', join(world.root, 'trial'));
  const { corrupt, trial } = await world.ok('status');
  expect([corrupt.length > 0, trial.boots]).toEqual([true, 0]);
});

test('a method of the gateway answers with the same documents', async () => {
  const environment = { root: rootAt(world.root) };
  const { releases } = (await handle(environment, 'releases.list')) as { releases: unknown[] };
  const { changes } = (await handle(environment, 'releases.history')) as { changes: unknown[] };
  expect([releases.length > 0, changes.length > 0]).toEqual([true, true]);
  expect(changes.flatMap((change) => faultsIn('ChangeDocument', change))).toEqual([]);
  expect(releases.flatMap((release) => faultsIn('ListedRelease', release))).toEqual([]);
});
