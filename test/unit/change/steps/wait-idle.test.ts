import { expect, onTestFinished, test, vi } from 'vitest';
import { waitIdle } from '../../../../src/change/steps/wait-idle.js';
import type { Context } from '../../../../src/ledger/context.js';
import { newChange, readChange, saveChange } from '../../../../src/ledger/ledger.js';
import { type IdleLimits, planChange } from '../../../../src/ledger/plan.js';
import { nobody } from '../../../support/nobody.js';
import { temporaryRoot } from '../../../support/place.js';

/** Answer of the gateway about its work; null where it gives none. */
type Look = string[] | null;
const IDLE: Look = [];
const BUSY: Look = ['1 task'];
const SILENT: Look = null;
const NAMED = 'session agent:main:main since 2026-11-26T02:00:00Z';

const gateway = vi.hoisted(() => ({
  look: (): string[] | null => null,
  /** Answer of a gateway that can drain. */
  drained: (): string[] | null => null,
  calls: [] as string[],
}));
vi.mock('../../../../src/openclaw/activity.js', () => ({ sampleActivity: async () => gateway.look() }));
vi.mock('../../../../src/openclaw/named-work.js', () => ({
  namedWork: async () => ['session agent:main:main since 2026-11-26T02:00:00Z'],
}));
vi.mock('../../../../src/openclaw/abilities.js', () => ({ sampleAbilities: async () => ({}) }));
vi.mock('../../../../src/openclaw/handoff.js', () => ({ identifyProcess: async () => null }));
vi.mock('../../../../src/openclaw/drain.js', () => ({
  RENEW_MS: 30_000,
  drain: async () => {
    gateway.calls.push(`drain ${clock.now}`);
    const busy = gateway.drained();
    return busy && { lease: 'a lease', busy };
  },
  sampleDrain: async () => gateway.drained(),
  endDrain: async (_: unknown, lease: string) => void gateway.calls.push(`end ${lease}`),
}));

/** Milliseconds that were waited for, each at once. */
const clock = vi.hoisted(() => ({ now: 0 }));
vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => {
    clock.now += ms;
  },
}));

/** Waits for a gateway that gives these answers, one each time, and the last of them from then on. */
async function waitFor(
  says: [Look, ...Look[]],
  limits: Partial<IdleLimits> = {},
  pid: number | null = 1,
  drained: Look[] = [null],
) {
  let looks = 0;
  let samples = 0;
  gateway.calls = [];
  gateway.drained = () => drained[Math.min(samples++, drained.length - 1)] ?? null;
  gateway.look = () => says[Math.min(looks++, says.length - 1)] ?? null;
  const began = clock.now;
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  onTestFinished(() => void vi.restoreAllMocks());
  const root = temporaryRoot();
  const plan = planChange('update', '2', { idle: { withinMs: 20_000, countdownMs: 0, ...limits } });
  const change = newChange(plan, { from: '1', previous: null, to: '2' });
  change.steps = [{ name: 'wait-idle', state: 'doing', startedAt: change.startedAt }];
  saveChange(root, change);
  const shown: string[] = [];
  const launch = { args: ['--port', '1'], env: { OPENCLAW_GATEWAY_TOKEN: 'test' } };
  const context: Context = {
    root,
    change,
    supervisor: {
      ...nobody,
      inspect: () =>
        Promise.resolve({
          ...{ state: pid === null ? 'stopped' : 'running', pid, instance: 'i' },
          ...{ restarts: 0, lastExit: null, launch },
        }),
    },
    client: () => Promise.reject(new Error('no network here')),
    lookUp: () => Promise.reject(new Error('no network here')),
    signal: new AbortController().signal,
    canRestart: true,
    progress: (text) => void shown.push(text),
  };
  const note = await waitIdle.do(context);
  const waitedMs = clock.now - began;
  return {
    context,
    calls: gateway.calls.map((call) => call.replace(/\d+$/, (at) => String(Number(at) - began))),
    drain: change.facts.drain,
    note,
    looks,
    waitedMs,
    shown,
    facts: change.facts.idle,
    onDisk: readChange(root, change.id).facts.idle,
  };
}

test('one idle moment between two pieces of work is not idle', async () => {
  const { facts, looks, waitedMs } = await waitFor([BUSY, IDLE, BUSY, IDLE, IDLE]);
  expect(facts).toMatchObject({ outcome: 'idle', busy: [] });
  expect(looks).toBe(5);
  expect(waitedMs).toBe(4_000);
});

test('a gateway that answers, and is silent for a moment, is still waited for', async () => {
  const { facts, looks } = await waitFor([BUSY, IDLE, SILENT, SILENT, IDLE, IDLE]);
  expect(facts).toMatchObject({ outcome: 'idle' });
  expect(looks).toBe(6);
});

test('a gateway that falls silent for good is not waited for any longer', async () => {
  const { facts, looks } = await waitFor([BUSY, SILENT]);
  expect(facts).toMatchObject({ outcome: 'unknown', busy: null });
  expect(facts).not.toHaveProperty('interruptedWork');
  expect(looks).toBe(4);
});

test('a gateway that never answers how busy it is is asked once', async () => {
  const { facts, looks, note } = await waitFor([SILENT]);
  expect(facts).toMatchObject({ outcome: 'unknown', busy: null });
  expect(looks).toBe(1);
  expect(note).toBe('it does not tell how busy it is, so it was not waited for');
});

test.each<[string, [Look, ...Look[]], number]>([
  ['never answers', [SILENT], 0],
  ['cannot drain', [BUSY], 1],
])('a gateway that %s is not asked again to drain', async (_, says, times) => {
  const { calls } = await waitFor(says, { withinMs: 0 });
  expect(calls).toHaveLength(times);
});

test('a plan without time to wait asks once, and names the work that it cuts off', async () => {
  const { facts, looks, note } = await waitFor([BUSY], { withinMs: 0 });
  expect(facts).toMatchObject({ outcome: 'deadline', interruptedWork: ['1 task', NAMED] });
  expect(looks).toBe(1);
  expect(note).toBe('still busy after 0 s, cutting off 1 task');
});

test('a gateway that stays busy is restarted at the deadline, or not at all when the plan gives up', async () => {
  const { facts, note, waitedMs } = await waitFor([BUSY], { withinMs: 3_500 });
  expect(facts).toMatchObject({ outcome: 'deadline', interruptedWork: ['1 task', NAMED] });
  expect([note, waitedMs]).toEqual(['still busy after 3.5 s, cutting off 1 task', 3_500]);
  await expect(waitFor([BUSY], { withinMs: 3_500, giveUp: true })).rejects.toMatchObject({
    code: 'gateway_busy',
    message: expect.stringContaining('with 1 task, and was not restarted'),
  });
});

test('the announcement is on disk before the wait begins', async () => {
  const { shown, onDisk } = await waitFor([BUSY, IDLE, IDLE], { countdownMs: 300 });
  expect(shown).toEqual([
    'waiting for 1 task',
    'the gateway is idle, one more look',
    'the gateway is restarted soon',
  ]);
  expect(Date.parse(onDisk?.restartAt ?? '')).toBeGreaterThan(Date.parse(onDisk?.announcedAt ?? ''));
  expect(onDisk).not.toHaveProperty('outcome');
});

test('nothing is announced for a gateway that does not run', async () => {
  const { facts, looks, note } = await waitFor([BUSY], { countdownMs: 60_000 }, null);
  expect(facts).toBeUndefined();
  expect(looks).toBe(0);
  expect(note).toBe('no gateway runs (stopped): nothing to wait for');
});

test('a gateway that can drain takes no new work in the last minute of a long wait, and is idle at its first word', async () => {
  const { facts, calls, waitedMs, drain } = await waitFor([BUSY], { withinMs: 90_000 }, 1, [
    BUSY,
    BUSY,
    IDLE,
  ]);
  expect(calls).toEqual(['drain 30000']);
  expect(facts).toMatchObject({ outcome: 'idle', busy: [] });
  expect(waitedMs).toBe(32_000);
  expect(drain).toEqual({
    lease: 'a lease',
    wasReady: expect.any(Boolean),
    named: [NAMED],
    process: null,
    abilities: {},
  });
});

test('a short wait drains from its begin, and what the drain leaves is named', async () => {
  const { facts, calls, note } = await waitFor([BUSY], { withinMs: 3_000 }, 1, [BUSY]);
  expect(calls).toEqual(['drain 0']);
  expect(facts).toMatchObject({ outcome: 'deadline', interruptedWork: ['1 task', NAMED] });
  expect(note).toBe('still busy after 3 s, cutting off 1 task');
});

test('a lease that somebody else ended is not waited for', async () => {
  const { facts } = await waitFor([BUSY], { withinMs: 60_000 }, 1, [BUSY, null]);
  expect(facts).toMatchObject({ outcome: 'unknown', busy: null });
});

test.each<[string, Partial<IdleLimits>]>([
  ['counts down', { countdownMs: 5_000 }],
  ['may end without a restart', { giveUp: true }],
])('a wait that %s keeps the gateway open until its end', async (_, limits) => {
  const { calls, waitedMs, facts } = await waitFor([BUSY, IDLE, IDLE], limits, 1, [IDLE]);
  expect(calls).toEqual([`drain ${waitedMs}`]);
  expect(facts).toMatchObject({ outcome: 'idle', busy: [] });
});

test('the undo opens the gateway again, once', async () => {
  const { context } = await waitFor([BUSY], {}, 1, [BUSY, IDLE]);
  await waitIdle.undo?.(context);
  await waitIdle.undo?.(context);
  expect(gateway.calls.filter((call) => call.startsWith('end'))).toEqual(['end a lease']);
  expect(context.change.facts).not.toHaveProperty('drain');
});

test('a plan without idle limits, or without a restart, leaves the step out', () => {
  const limits = { withinMs: 1, countdownMs: 0 };
  expect(planChange('update', '2').steps).not.toContain('wait-idle');
  expect(planChange('switch', '2', { idle: limits, restart: false }).steps).toEqual(['switch']);
  expect(planChange('stage', '2', { idle: limits }).steps).not.toContain('wait-idle');
  expect(planChange('rollback', '2', { idle: limits }).steps.slice(0, 2)).toEqual(['wait-idle', 'baseline']);
  const { steps } = planChange('update', '2', { idle: limits });
  expect(steps.slice(steps.indexOf('seal'), steps.indexOf('switch'))).toEqual([
    ...['seal', 'wait-idle', 'baseline', 'snapshot'],
  ]);
});
