import { expect, test } from 'vitest';
import { newChange, readChange, saveChange } from '../../src/change/ledger.js';
import { type IdleLimits, planChange } from '../../src/change/plan.js';
import { idle } from '../../src/change/steps/idle.js';
import type { Supervisor } from '../../src/supervisor/supervisor.js';
import { fakeContext } from '../support/fake-steps.js';
import { nobody } from '../support/nobody.js';
import { temporaryRoot } from '../support/place.js';
import { type Says, talkingGateway } from '../support/talking-gateway.js';

const IDLE: Says = { payload: { safe: true, blockers: [] } };
const BUSY: Says = { payload: { safe: false, blockers: [{ kind: 'task', count: 1 }] } };

/** Waits for a gateway that says these things, one at each look, and the last of them from then on. */
async function waitFor(says: [Says, ...Says[]], limits: Partial<IdleLimits> = {}, pid: number | null = 1) {
  const { endpoint, asked } = await talkingGateway((_, count) => says[count - 1] ?? says.at(-1) ?? IDLE);
  const root = temporaryRoot();
  const plan = planChange('update', '2', { idle: { withinMs: 20_000, countdownMs: 0, ...limits } });
  const change = newChange(plan, { from: '1', previous: null, to: '2' });
  change.steps = [{ name: 'idle', state: 'doing', startedAt: change.startedAt }];
  saveChange(root, change);
  const shown: string[] = [];
  const launch = { args: ['--port', String(endpoint.port)], env: { OPENCLAW_GATEWAY_TOKEN: 'test' } };
  const supervisor: Supervisor = {
    ...nobody,
    inspect: () =>
      Promise.resolve({
        ...{ state: pid === null ? 'stopped' : 'running', pid, instance: 'i' },
        ...{ restarts: 0, lastExit: null, launch },
      }),
  };
  const context = fakeContext(root, change, { supervisor, progress: (text) => void shown.push(text) });
  const note = await idle.do(context);
  const looks = asked.filter(({ method }) => method !== 'connect').length;
  return { note, looks, shown, facts: change.facts.idle, onDisk: readChange(root, change.id).facts.idle };
}

test('one idle moment between two pieces of work is not idle', async () => {
  const { facts, looks } = await waitFor([BUSY, IDLE, BUSY, IDLE, IDLE]);
  expect(facts).toMatchObject({ how: 'idle', busy: [] });
  expect(looks).toBe(5);
});

test('one that told, and is silent for a moment, is still waited for', async () => {
  const { facts, looks } = await waitFor([BUSY, IDLE, 'refuses', 'refuses', IDLE, IDLE]);
  expect(facts).toMatchObject({ how: 'idle' });
  expect(looks).toBe(6);
});

test('one that told, and does not any more, is not', async () => {
  const { facts, looks } = await waitFor([BUSY, 'refuses']);
  expect(facts).toMatchObject({ how: 'unknown', busy: null });
  expect(facts).not.toHaveProperty('cut');
  expect(looks).toBe(4);
});

test('one that never told is looked at once', async () => {
  const { facts, looks, note } = await waitFor(['refuses']);
  expect(facts).toMatchObject({ how: 'unknown', busy: null });
  expect(looks).toBe(1);
  expect(note).toBe('it does not tell how busy it is, so it was not waited for');
});

test('no time to wait is one look, which says what will be cut off', async () => {
  const { facts, looks, note } = await waitFor([BUSY], { withinMs: 0 });
  expect(facts).toMatchObject({ how: 'deadline', cut: ['1 task'] });
  expect(looks).toBe(1);
  expect(note).toMatch(/^still busy after 0\.\d s, cutting off 1 task$/);
});

test('what is shown is on disk before it is waited for', async () => {
  const { shown, onDisk } = await waitFor([BUSY, IDLE, IDLE], { countdownMs: 300 });
  expect(shown).toEqual([
    'waiting for 1 task',
    'the gateway is idle, one more look',
    'the gateway is restarted soon',
  ]);
  expect(Date.parse(onDisk?.restartAt ?? '')).toBeGreaterThan(Date.parse(onDisk?.announcedAt ?? ''));
  expect(onDisk).not.toHaveProperty('how');
});

test('for a gateway that does not run nothing is announced', async () => {
  const { facts, looks, note } = await waitFor([BUSY], { countdownMs: 60_000 }, null);
  expect(facts).toBeUndefined();
  expect(looks).toBe(0);
  expect(note).toBe('no gateway runs (stopped): nothing to wait for');
});

test('a plan without it leaves the step out, and so does one that does not restart', () => {
  const limits = { withinMs: 1, countdownMs: 0 };
  expect(planChange('update', '2').steps).not.toContain('idle');
  expect(planChange('switch', '2', { idle: limits, restart: false }).steps).toEqual(['switch']);
  expect(planChange('stage', '2', { idle: limits }).steps).not.toContain('idle');
  expect(planChange('rollback', '2', { idle: limits }).steps.slice(0, 2)).toEqual(['idle', 'baseline']);
  const { steps } = planChange('update', '2', { idle: limits });
  expect(steps.slice(steps.indexOf('seal'), steps.indexOf('switch'))).toEqual([
    ...['seal', 'idle', 'baseline', 'snapshot'],
  ]);
});
