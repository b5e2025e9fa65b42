import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { type Answer, CLI, makeWorld, QUICK, type RunningSupervisor, type World } from '../support/world.js';

const [FIRST, SECOND, BAD] = ['2026.6.1', '2026.6.2', '2026.6.3'];

const atEnd = atEndOfAll();
let world: World;
let supervisor: RunningSupervisor;
/** Answers to `check` when FIRST was the newest, and when BAD was, before an update to it failed. */
let none: Answer;
let found: Answer;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  world.publish(FIRST, { schemaVersions: { state: 1, agent: 1 } });
  supervisor = await world.start(FIRST);
  none = await world.cli('check');
  world.publish(SECOND, { schemaVersions: { state: 1, agent: 1 } });
  await world.ok('update', SECOND, ...QUICK);
  world.publish(BAD, { exitCode78: true, schemaVersions: { state: 2, agent: 1 } });
  found = await world.cli('check');
  await world.cli('update', BAD, ...QUICK);
});

async function emptyWorld(): Promise<World> {
  const empty = await makeWorld();
  empty.publish(FIRST);
  return empty;
}

test('check in an empty root names the newest release and the way to it, and writes nothing', async () => {
  const world = await emptyWorld();
  const { exitCode, json } = await world.cli('check');
  expect(exitCode).toBe(10);
  expect(json).toMatchObject({ ok: true, available: true, current: null, newest: { version: FIRST } });
  expect(existsSync(join(world.root, 'timer-state.json'))).toBe(false);
});

test('update --dry-run without a running gateway prints the plan, and what must come first', async () => {
  const world = await emptyWorld();
  const { to, steps } = await world.ok('update', '--dry-run');
  expect(to).toBe(FIRST);
  const notes = Object.fromEntries(steps.map(({ name, note }: Record<string, string>) => [name, note]));
  expect(notes.restart).toContain('openclaw-releases run');
});

test('check finds none, then one, whose size, Node, outage and rollback it tells', () => {
  expect(none).toMatchObject({ exitCode: 0, json: { available: false, newest: null } });
  const { exitCode, json } = found;
  expect(exitCode).toBe(10);
  expect(json).toMatchObject({
    available: true,
    current: SECOND,
    newest: {
      version: BAD,
      notesUrl: `https://github.com/openclaw/openclaw/releases/tag/v${BAD}`,
      staged: false,
      node: { kind: 'root' },
    },
    expected: { updates: 1, ms: expect.any(Number), outageMs: expect.any(Number) },
    rollback: { needsState: true },
    timer: { enabled: false, verdict: 'no' },
  });
  expect(json.newest.fetchBytes).toBeGreaterThan(0);
  expect(Date.parse(json.newest.publishedAt)).not.toBeNaN();
});

test('status shows what check found, without a network', async () => {
  const asked = world.registry.requests.length;
  expect((await world.ok('status')).auto.available).toMatchObject({ version: BAD });
  expect(world.registry.requests.length).toBe(asked);
  const nowhere = await world.cli('check', '--registry', 'http://127.0.0.1:9/');
  expect(nowhere.json.error.code).toBe('registry_unreachable');
  expect(nowhere.exitCode).toBe(4);
});

test('changes have small numbers that stay, by which history shows one with its steps', async () => {
  const { changes } = await world.ok('history');
  expect(changes.map(({ number }: { number: number }) => number)).toEqual([1, 2, 3, 4]);
  const last = changes.at(-1);
  const one = await world.ok('history', '4');
  expect(one.change).toBe(last.change);
  expect(one.steps).toEqual(last.steps);
  expect((await world.ok('history', last.change)).number).toBe(4);
  expect((await world.cli('history', '5')).json.error.code).toBe('change_not_found');
});

test('history says where the outage of a verified change went', async () => {
  const shown = (name: string) =>
    execa(world.node, [CLI, 'history', name], { env: world.env, extendEnv: false });
  const { stdout } = await shown('3');
  expect(stdout).toMatch(
    /^Outage: stop [\d.]+ s, next process [\d.]+ s, load [\d.]+ s, channels [\d.]+ s\.$/m,
  );
  expect((await shown('4')).stdout).not.toContain('Outage:');
});

test('history takes the newest, the failed ones, or those since a moment', async () => {
  const numbers = async (...options: string[]) =>
    (await world.ok('history', ...options)).changes.map(({ number }: { number: number }) => number);
  expect(await numbers('--limit', '2')).toEqual([3, 4]);
  expect(await numbers('--failed')).toEqual([4]);
  expect(await numbers('--since', '1d')).toHaveLength(4);
  expect(await numbers('--since', '2030-01-01')).toEqual([]);
  expect((await world.cli('history', '--limit', '0')).exitCode).toBe(2);
});

test('a report has what a maintainer asks for, of one change or of the last ones', async () => {
  const { report } = await world.ok('report');
  expect(report).toMatchObject({
    healthySince: expect.stringMatching(/^20.*Z$/),
    releases: expect.arrayContaining([
      expect.objectContaining({ lockfileDigest: expect.stringMatching(/^[0-9a-f]{64}$/), quarantine: null }),
    ]),
    policy: { pins: [], hold: null, quarantine: [BAD] },
  });
  expect(report).toMatchObject({
    schema: 1,
    findings: [],
    unit: null,
    log: null,
    status: { root: world.root },
  });
  expect(report.changes.map(({ number }: { number: number }) => number)).toEqual([1, 2, 3, 4]);
  const file = join(world.path, 'report.md');
  expect(await world.ok('report', '4', '--output', file)).toMatchObject({ path: file });
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(/^# Report of openclaw-releases\n/);
  const [, json = ''] = /```json\n(.*)\n```/s.exec(text) ?? [];
  expect(JSON.parse(json).changes).toMatchObject([{ number: 4, error: expect.anything() }]);
  expect((await world.cli('report', '99')).json.error.code).toBe('change_not_found');
});

test('the built-in supervisor keeps no log, and logs says where it is', async () => {
  const { exitCode, json } = await world.cli('logs');
  expect(json.error).toMatchObject({
    code: 'log_elsewhere',
    hint: expect.stringContaining('run was started'),
  });
  expect(exitCode).toBe(3);
});

test('uninstall names what it removes, waits for consent, and leaves files of others and displaced states', async () => {
  const supervised = await world.cli('uninstall', '--yes');
  expect(supervised.json.error).toMatchObject({ code: 'supervisor_already_running' });
  supervisor.kill('SIGTERM');
  await supervisor.ended;
  await world.ok('timer', 'enable');
  const displaced = join(world.root, 'states', 'displaced');
  mkdirSync(displaced, { recursive: true });
  writeFileSync(join(world.root, 'notes.txt'), 'of the operator');
  const { steps } = await world.ok('uninstall', '--dry-run');
  expect(steps[0]).toBe('disable the timer');
  expect(steps.at(-1)).toContain(world.root);
  expect((await world.cli('uninstall')).json.error.code).toBe('confirmation_needed');
  expect(existsSync(join(world.root, 'current'))).toBe(true);
  const { left } = await world.ok('uninstall', '--yes');
  expect(left).toEqual([join(world.root, 'notes.txt'), displaced]);
  expect(readdirSync(world.root).sort()).toEqual(['notes.txt', 'states']);
  expect(readdirSync(join(world.root, 'states'))).toEqual(['displaced']);
});
