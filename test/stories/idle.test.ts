import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { Change } from '../../src/change/ledger.js';
import { listChanges } from '../../src/change/ledger.js';
import type { IdleLimits } from '../../src/change/plan.js';
import { exitCodeOf, makeChange } from '../../src/change/switcher.js';
import { wish } from '../../src/change/wishes/wishes.js';
import { readPolicy } from '../../src/store/policy.js';
import { type Root, rootAt } from '../../src/store/root.js';
import { currentRelease } from '../../src/store/switch.js';
import { builtinSupervisor } from '../../src/supervisor/builtin.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { type Answer, type Begun, CLI, makeWorld, QUICK, type World } from '../support/world.js';

const atEnd = atEndOfAll();
let world: World;
let root: Root;
let published = 0;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  root = rootAt(world.root);
  world.publish('2026.6.1', { tellsActivity: true });
  await world.start('2026.6.1');
});

afterEach(() => busyWith());

/** What the gateway that runs says that it is busy with, from now on. */
function busyWith(...kinds: string[]): void {
  const path = join(world.path, 'state', 'busy');
  if (kinds.length === 0) rmSync(path, { force: true });
  else writeFileSync(path, kinds.join('\n'));
}

function publish(tellsActivity = true): string {
  const version = `2026.7.${++published}`;
  world.publish(version, { tellsActivity });
  return version;
}

/** Stages what it goes to first, so that the wait is what takes time. */
async function beginUpdate(...options: string[]): Promise<{ to: string; update: Begun }> {
  const to = publish();
  await world.ok('stage', to);
  return { to, update: world.begin(['update', to, ...QUICK, ...options]) };
}

const last = (): Change | undefined => listChanges(root).at(-1);

async function untilWaiting(): Promise<void> {
  await until('it waits for the gateway', () => {
    const change = last();
    return change?.endedAt === null && change.facts.idle !== undefined;
  });
}

async function untilCountdown(): Promise<void> {
  await until('it counts down', () => typeof last()?.facts.idle?.restartAt === 'string');
}

/** Nothing of a change is left but its record, and what ran still runs. */
async function expectNothingChanged(before: string | null, { exitCode, json }: Answer, exit: number) {
  expect(exitCode).toBe(exit);
  expect(json.status).toBe('package_update_failed');
  expect(currentRelease(root)).toBe(before);
  expect(await world.version()).toBe(before);
  expect(readdirSync(root.staging)).toEqual([]);
  expect(readPolicy(root).quarantine).toEqual({});
}

test('a busy gateway is waited for, and everybody can see why', async () => {
  busyWith('embedded-run', 'embedded-run', 'task');
  const { to, update } = await beginUpdate('--idle-within', '50');
  await untilWaiting();
  const { running } = await world.ok('status');
  expect(running).toMatchObject({
    step: 'idle',
    waiting: { busy: ['2 agent runs', '1 task'], restartAt: null },
  });
  const { announcedAt, deadlineAt } = running.waiting;
  expect(Date.parse(deadlineAt) - Date.parse(announcedAt)).toBe(50_000);
  expect(await world.cli('update')).toMatchObject({
    exitCode: 3,
    json: { error: { code: 'locked', hint: expect.stringContaining('openclaw-releases stop') } },
  });
  busyWith('task');
  expect((await world.ok('status')).running.waiting.busy).toEqual(['1 task']);
  expect(await world.version()).not.toBe(to);
  busyWith();
  const { json } = await update.ended;
  expect(json).toMatchObject({
    status: 'package_updated_restart_verified',
    facts: { idle: { how: 'idle' } },
  });
  expect(json.facts.idle).not.toHaveProperty('cut');
});

test('a gateway that is busy for ever is restarted at the deadline, and what that cut off is on record', async () => {
  busyWith('embedded-run');
  const { update } = await beginUpdate('--idle-within', '1');
  const { json } = await update.ended;
  expect(json).toMatchObject({
    status: 'package_updated_restart_verified',
    facts: { idle: { how: 'deadline', cut: ['1 agent run'] } },
  });
});

test('one that gives up is refused as gateway_busy, and the release stays staged', async () => {
  busyWith('cron-run');
  const before = currentRelease(root);
  const to = publish();
  await world.ok('stage', to);
  const idle: IdleLimits = { withinMs: 500, countdownMs: 60_000, giveUp: true };
  const change = await makeChange(
    { root, supervisor: builtinSupervisor(root.path) },
    { kind: 'update', target: to, options: { idle, by: 'timer' } },
  );
  expect(change).toMatchObject({
    status: 'package_update_failed',
    error: { code: 'gateway_busy', message: expect.stringContaining('1 scheduled run') },
  });
  await expectNothingChanged(
    before,
    { exitCode: exitCodeOf(change), json: change, stdout: '', stderr: '' },
    3,
  );
  expect(readdirSync(root.releases)).toContain(to);
});

test('skip-wait ends the wait, and the countdown with it', async () => {
  busyWith('embedded-run');
  const { update } = await beginUpdate('--idle-within', '50', '--countdown', '50');
  await untilWaiting();
  await world.ok('skip-wait');
  expect((await update.ended).json).toMatchObject({
    status: 'package_updated_restart_verified',
    facts: { idle: { how: 'skipped', cut: ['1 agent run'], restartAt: null } },
  });
});

test('skip-wait ends a countdown', async () => {
  const { update } = await beginUpdate('--idle-within', '0', '--countdown', '50');
  await untilCountdown();
  wish(root, last()?.id ?? '', 'skip', 'gateway');
  const { json } = await update.ended;
  expect(json).toMatchObject({
    status: 'package_updated_restart_verified',
    facts: { idle: { how: 'skipped' } },
  });
  expect(json.steps.find(({ name }: { name: string }) => name === 'idle').note).toContain(
    'somebody at the gateway',
  );
});

test('what begins during the countdown is cut off, and is on record', async () => {
  const { update } = await beginUpdate('--idle-within', '5', '--countdown', '2');
  await untilCountdown();
  busyWith('embedded-run');
  expect((await update.ended).json.facts.idle).toMatchObject({ how: 'idle', cut: ['1 agent run'] });
});

test('stop ends a countdown: nothing that runs is changed, and the release stays staged', async () => {
  const before = currentRelease(root);
  const { to, update } = await beginUpdate('--countdown', '50');
  await untilCountdown();
  expect(await world.ok('stop')).toMatchObject({ error: { code: 'interrupted' } });
  const ended = await update.ended;
  await expectNothingChanged(before, ended, 4);
  expect(ended.json.steps.at(-1)).toMatchObject({ name: 'idle', note: ended.json.error.message });
  expect(ended.json.error).toEqual({
    code: 'interrupted',
    message: 'It was stopped before its switch, as a person asked.',
    untouched: `Nothing that runs was changed. ${to} stays staged.`,
    hint: `openclaw-releases update ${to}, to do it after all`,
  });
  expect(readdirSync(root.releases)).toContain(to);
  expect(await world.cli('stop')).toMatchObject({
    exitCode: 3,
    json: { error: { code: 'nothing_under_way' } },
  });
});

test('stop while it is staged drops what is half there', async () => {
  const before = currentRelease(root);
  const to = publish();
  world.registry.fault({ kind: 'slow', match: new RegExp(`openclaw-${to}.tgz`), delayMs: 50_000 });
  const update = world.begin(['update', to, ...QUICK]);
  await until('it stages', () => last()?.steps.at(-1)?.name === 'stage');
  await world.ok('stop');
  await expectNothingChanged(before, await update.ended, 4);
  expect(readdirSync(root.releases)).not.toContain(to);
});

test('past the switch nothing is stopped: that is what rollback is for', async () => {
  const { to, update } = await beginUpdate('--idle-within', '0', '--settle', '5');
  await until('it verifies', () => last()?.steps.at(-1)?.name === 'verify');
  for (const command of ['stop', 'skip-wait']) {
    expect(await world.cli(command)).toMatchObject({ exitCode: 3, json: { error: { code: 'too_late' } } });
  }
  expect((await update.ended).json).toMatchObject({ status: 'package_updated_restart_verified' });
  expect(currentRelease(root)).toBe(to);
  expect(readdirSync(root.staging)).toEqual([]);
});

test('killed while it waits: recover leaves all as it was', async () => {
  busyWith('embedded-run');
  const before = currentRelease(root);
  const { to, update } = await beginUpdate('--idle-within', '50');
  await untilWaiting();
  wish(root, last()?.id ?? '', 'skip', 'person');
  update.kill('SIGKILL');
  await update.ended;
  const { recovered } = await world.ok('recover');
  expect(recovered).toMatchObject([{ status: 'package_update_failed', error: { code: 'interrupted' } }]);
  await expectNothingChanged(before, { exitCode: 4, json: recovered[0], stdout: '', stderr: '' }, 4);
  expect(readdirSync(root.releases)).toContain(to);
});

test('going back waits only when it is asked to, and can be stopped as well', async () => {
  busyWith('embedded-run');
  const before = currentRelease(root);
  const rollback = world.begin(['rollback', ...QUICK, '--idle-within', '50']);
  await untilWaiting();
  await world.ok('stop');
  await expectNothingChanged(before, await rollback.ended, 4);
  const { json } = await world.cli('rollback', ...QUICK);
  expect(json).toMatchObject({ status: 'package_updated_restart_verified' });
  expect(json.plan.steps).not.toContain('idle');
});

test('a gateway that does not tell how busy it is is not waited for', async () => {
  const silent = publish(false);
  await world.ok('update', silent, ...QUICK);
  busyWith('embedded-run');
  const { update } = await beginUpdate('--idle-within', '50');
  const { json } = await update.ended;
  expect(json).toMatchObject({
    status: 'package_updated_restart_verified',
    facts: { idle: { how: 'unknown', busy: null } },
  });
});

test('what is asked for from inside of the gateway does not wait for itself', async () => {
  busyWith('background-exec');
  const to = publish();
  await world.ok('stage', to);
  const command = [process.execPath, CLI, 'update', to, ...QUICK].join(' ');
  await world.get(`/shell?command=${encodeURIComponent(command)}`);
  await until(
    'the change has its verdict',
    () => last()?.facts.to === to && last()?.status === 'package_updated_restart_verified',
    40_000,
  );
  expect(last()?.plan).not.toHaveProperty('idle');
  expect(await world.version()).toBe(to);
});
