import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { listSnapshots } from '../../src/state/snapshots.js';
import { rootAt } from '../../src/store/root.js';
import { atEndOfAll } from '../support/at-end.js';
import { writeTree } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import {
  exchangeFiles,
  keptContent,
  memoryOf,
  say,
  stateOf,
  wholeState,
  wordsOf,
  writeOldState,
} from '../support/state.js';
import { makeWorld, QUICK, typed, type World } from '../support/world.js';

/** Versions of three ages: files, databases, and newer databases. */
const FILES = '2026.5.28';
const OLDER = '2026.9.2';
const NEWER = '2026.9.6';
/** Published last. */
const BETWEEN = '2026.9.3';

const EARLY = 'the first thing said';
const AGENT = 'agents/main/agent/openclaw-agent.sqlite';

const atEnd = atEndOfAll();
let world: World;
let broken: string;

beforeAll(async () => {
  world = await makeWorld(atEnd, { node: await sqliteNode() });
  broken = join(world.path, 'older-is-broken');
  const older = { state: 15, agent: 19 };
  const newer = { state: 18, agent: 23 };
  world.publish(FILES);
  world.publish(OLDER, { migratesTo: older, schemaVersions: older, crashesWhile: broken });
  world.publish(NEWER, { migratesTo: newer, schemaVersions: newer, touchesConfig: true });
  await writeOldState(world);
  // Split, as some people have it: OpenClaw refuses an included file with a second name, which a restore may leave.
  writeTree(stateOf(world), {
    'openclaw.json': JSON.stringify({ gateway: { $include: './parts/gateway.json' } }),
    'parts/gateway.json': JSON.stringify({ port: world.port, auth: { token: 'test' } }),
  });
  await world.start(FILES, '--stop-timeout', '2');
  await say(world, 'to files');
  await world.ok('update', OLDER, ...QUICK);
  await say(world, 'to older');
  await world.ok('update', NEWER, ...QUICK);
  await say(world, 'to newer');
});

const root = () => rootAt(world.root);
const kept = () => listSnapshots(root()).map(({ name }) => name);

/** Answers what a refused rollback must leave as it was. */
async function standing() {
  return {
    version: await world.version(),
    starts: readFileSync(join(stateOf(world), 'starts.jsonl'), 'utf8'),
    state: await wholeState(world),
    kept: kept(),
    files: readdirSync(world.root).filter((name) => !name.startsWith('lock')),
  };
}

test('each release that was left behind has a state to restore, and list says so', async () => {
  const list = await world.ok('list');
  // biome-ignore lint/suspicious/noExplicitAny: a document of `--json`
  expect(list.releases.map(({ id, stateCompatibility }: any) => [id, stateCompatibility])).toEqual([
    [FILES, 'with-snapshot'],
    [OLDER, 'with-snapshot'],
    [NEWER, 'yes'],
  ]);
  expect(list.states).toEqual(listSnapshots(root()));
  expect(list.states).toMatchObject([
    { kind: 'snapshot', release: FILES, versions: { databases: { 'tasks/runs.sqlite': 0 } } },
    {
      kind: 'snapshot',
      release: OLDER,
      versions: { databases: { [AGENT]: 19, 'state/openclaw.sqlite': 15 } },
    },
  ]);
});

test('a rollback that costs what was said since is refused, and names the cost', async () => {
  const before = await standing();
  const { exitCode, json } = await world.cli('rollback', ...QUICK);
  expect(exitCode).toBe(3);
  expect(json.error).toMatchObject({
    code: 'confirmation_needed',
    message: expect.stringMatching(/2026\.9\.2 .*\d+ files.*displaced, not deleted/),
    hint: typed(world, `rollback ${OLDER} --yes, or --keep-state to roll back the code alone`),
    untouched: 'Nothing was changed.',
  });
  expect(await standing()).toEqual(before);
});

test('a rollback that was agreed to restores the older state and keeps the newer one', async () => {
  const newer = await wholeState(world);
  const json = await world.ok('rollback', '--yes', ...QUICK);
  expect(json).toMatchObject({
    status: 'package_updated_restart_verified',
    from: NEWER,
    to: OLDER,
    stateRestored: { restored: true },
  });
  expect(await world.version()).toBe(OLDER);
  expect(await wordsOf(world)).toEqual([EARLY, 'to files', 'to older']);
  expect(exchangeFiles(world)).toEqual([]);
  expect(listSnapshots(root()).findLast(({ release }) => release === NEWER)).toMatchObject({
    kind: 'displaced',
    name: json.stateRestored.aside,
  });
  const aside = await keptContent(world, json.stateRestored.aside);
  expect(aside[AGENT]).toEqual(newer[AGENT]);
  expect(aside['openclaw.json']).toBe(newer['openclaw.json']);
  // A rollback does not migrate this state again: it would lose the only one of the older release.
  expect((await world.ok('show', NEWER)).stateCompatibility).toBe('with-snapshot');
});

test('after a rollback the newer release migrates the older state again', async () => {
  await say(world, 'to older again');
  await world.ok('update', NEWER, ...QUICK);
  expect(await wordsOf(world)).toEqual([EARLY, 'to files', 'to older', 'to older again']);
  await say(world, 'to newer again');
});

test('a rollback to a release that fails now rolls forward again, to the newer state', async () => {
  writeFileSync(broken, '');
  const before = await wholeState(world);
  const { exitCode, json } = await world.cli('rollback', OLDER, '--yes', ...QUICK);
  expect(json).toMatchObject({ status: 'rolled_back', error: { code: 'gateway_crashed' }, undoError: null });
  expect(exitCode).toBe(5);
  expect(await world.version()).toBe(NEWER);
  expect(await wholeState(world)).toEqual(before);
  expect(exchangeFiles(world)).toEqual([]);
  // The state that it would have returned to is still there, under some name.
  const own = listSnapshots(root()).findLast(({ release }) => release === OLDER);
  expect(await keptContent(world, own?.name ?? '')).toMatchObject({
    'state/openclaw.sqlite': { version: 15 },
  });
  rmSync(broken);
});

test('a rollback past two migrations restores files, and keeps the newest state', async () => {
  const { json } = await world.cli('rollback', FILES, ...QUICK);
  expect(json.error.code).toBe('confirmation_needed');
  const done = await world.ok('rollback', FILES, '--yes', ...QUICK);
  expect(done).toMatchObject({ from: NEWER, to: FILES, stateRestored: { restored: true } });
  expect(await memoryOf(world)).toMatchObject({ device: 'device-of-before' });
  expect(await wordsOf(world)).toEqual([EARLY, 'to files']);
  const state = await wholeState(world);
  expect(state['tasks/runs.sqlite']).toMatchObject({ runs: [{ what: 'a task' }] });
  expect(Object.keys(state).filter((path) => path.endsWith('openclaw.sqlite'))).toEqual([]);
  expect((await keptContent(world, done.stateRestored.aside))[AGENT]).toMatchObject({
    said: expect.arrayContaining([{ by: NEWER, text: 'to newer again' }]),
  });
});

test('a damaged snapshot is not restored, and the gateway is not stopped for it', async () => {
  await world.ok('update', OLDER, ...QUICK);
  await say(world, 'after the damage');
  const { name } = listSnapshots(root()).findLast(({ release }) => release === FILES) ?? { name: '' };
  flipByte(join(world.root, 'states', name, 'files/identity/device.json'));
  const before = await standing();
  const { exitCode, json } = await world.cli('rollback', FILES, '--yes', ...QUICK);
  expect(json.error).toMatchObject({
    code: 'state_incompatible',
    message: expect.stringMatching(/is damaged: .*identity\/device\.json is not what was kept/),
    untouched: 'Nothing was changed.',
  });
  expect(exitCode).toBe(3);
  expect(await standing()).toEqual(before);
  expect(existsSync(join(world.root, 'states', name)), 'it stays, for a person to look at').toBe(true);
});

test('an older state is migrated again where it is copied before, and not by a rollback', async () => {
  const between = { state: 16, agent: 19 };
  world.publish(BETWEEN, { migratesTo: between, schemaVersions: between });
  await world.ok('update', BETWEEN, ...QUICK);
  await say(world, 'to another');
  const words = await wordsOf(world);
  const before = await standing();
  expect((await world.cli('rollback', NEWER, ...QUICK)).json.error).toMatchObject({
    code: 'confirmation_needed',
    message: expect.stringContaining('openclaw-agent.sqlite has version 19, and had 23'),
    hint: `${typed(world, `switch ${NEWER}`)}, to keep what was written; or ${typed(world, `rollback ${NEWER} --yes`)}`,
  });
  expect(await standing()).toEqual(before);
  const switched = await world.ok('switch', NEWER, ...QUICK);
  expect(switched).toMatchObject({ to: NEWER, stateRestored: null });
  expect(await wordsOf(world)).toEqual(words);
  expect(await keptContent(world, switched.snapshot.name)).toMatchObject({
    'state/openclaw.sqlite': { version: 16 },
  });
});

function flipByte(path: string): void {
  const fd = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, 5);
  byte[0] = (byte[0] ?? 0) ^ 1;
  writeSync(fd, byte, 0, 1, 5);
  fsyncSync(fd);
  closeSync(fd);
}
