import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { restartAnnounced } from '../../../src/change/announced-restart.js';
import { ReleasesError } from '../../../src/core/errors.js';
import type { Context } from '../../../src/ledger/context.js';
import { findChange, newChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { nobody } from '../../support/nobody.js';
import { temporaryRoot } from '../../support/place.js';

/** A gateway: its version, and its answers by method; a method that is absent is unknown. */
const gateway = vi.hoisted(() => ({
  version: null as string | null,
  answers: {} as Record<string, unknown>,
  asked: [] as string[],
}));
vi.mock('../../../src/openclaw/reach.js', () => ({
  reach: async () => ({
    endpoint: { url: 'http://127.0.0.1:1', token: 'test', address: '127.0.0.1', port: 1, listener: null },
    health: { answered: true, live: true, ready: true, failing: [], phase: null, version: gateway.version },
  }),
}));
vi.mock('../../../src/openclaw/rpc-client.js', () => ({
  askGateway: async (_: unknown, { method }: { method: string }) => {
    gateway.asked.push(method);
    const payload = gateway.answers[method];
    if (payload instanceof Error) throw payload;
    if (typeof payload === 'string') return { payload: null, refusal: payload };
    return payload === undefined ? { payload: null, refusal: 'unknown method' } : { payload, refusal: null };
  },
}));

const LEASE = { status: 'ready', suspensionId: 'a', expiresAtMs: 1, blockers: [] };
const CAN = {
  'system.info': { pid: 1, processInstanceId: 'b' },
  'gateway.suspend.prepare': LEASE,
  'gateway.suspend.handoff': { status: 'armed' },
  'gateway.suspend.resume': { ok: true },
};

/** Restarts a gateway of such a version; `fails` when the supervisor does not. */
async function restartOf(version: string | null, answers: Record<string, unknown>, env = {}, fails = false) {
  Object.assign(gateway, { version, answers, asked: [] });
  const root = temporaryRoot();
  const state = root.path;
  const intent = join(state, 'gateway-restart-intent.json');
  const change = newChange(planChange('update', '2'), { from: '1', previous: null, to: '2' });
  let seen: string | null = null;
  let saved: unknown;
  const supervisor = {
    ...nobody,
    inspect: async () => ({
      ...{ state: 'running' as const, pid: 999_999_999, instance: 'i', restarts: 0, lastExit: null },
      launch: { args: [], env: { OPENCLAW_STATE_DIR: state, ...env } },
    }),
    restart: async () => {
      seen = existsSync(intent) ? readFileSync(intent, 'utf8') : null;
      gateway.asked.push('restart');
      saved = findChange(root, change.id)?.facts.drain;
      if (fails) throw new ReleasesError('restart_failed', 'no');
      return { stopMs: 1, killed: false, instance: 'j' };
    },
  };
  const context = { root, change, supervisor } as unknown as Context;
  const error = await restartAnnounced(context, 'restartNotice').then(
    () => null,
    (reason) => reason.code,
  );
  const left = existsSync(intent);
  return { facts: change.facts, asked: gateway.asked, seen: seen as string | null, saved, left, error };
}

test('a gateway that can be told is told after it drains and right before its restart', async () => {
  const { facts, asked } = await restartOf('2026.9.6', CAN);
  expect(facts.restartNotice).toEqual({ way: 'handoff' });
  expect(asked).toEqual(['system.info', 'gateway.suspend.prepare', 'gateway.suspend.handoff', 'restart']);
  expect(facts).not.toHaveProperty('drain');
});

test('a restart that fails takes the word back', async () => {
  const { asked, error, facts } = await restartOf('2026.9.6', CAN, {}, true);
  expect(error).toBe('restart_failed');
  expect(asked.slice(-2)).toEqual(['restart', 'gateway.suspend.resume']);
  expect(facts).not.toHaveProperty('drain');
});

test.each<[string, string | null, object, object, string]>([
  ['does not answer', '2026.9.6', { 'system.info': undefined }, {}, 'it does not say which process it is'],
  [
    'has another lease',
    '2026.9.6',
    { 'gateway.suspend.prepare': undefined },
    {},
    'it does not drain for this change',
  ],
  ['refuses', '2026.9.6', { 'gateway.suspend.handoff': undefined }, {}, 'unknown method'],
  ['is between the two ways', '2026.8.1', { 'system.info': undefined }, {}, '2026.8.1 has no way to be told'],
  [
    'has a version of no known form',
    'my-build',
    { 'system.info': undefined },
    {},
    'it does not say its version',
  ],
  [
    'stays in its process',
    '2026.6.1',
    { 'system.info': undefined },
    {},
    '2026.6.1 would stay in its process without systemd',
  ],
])(
  'a gateway that %s is restarted all the same, and the record says why it was not told',
  async (_, version, but, env, why) => {
    const { facts, asked, seen } = await restartOf(version, { ...CAN, ...but }, env);
    expect(facts.restartNotice).toEqual({ way: null, why });
    expect(asked.at(-1)).toBe('restart');
    expect(seen).toBeNull();
  },
);

test.each(Object.keys(CAN).slice(0, 3))(
  'an announcement that fails at %s does not keep a gateway from its restart',
  async (method) => {
    const { facts, asked, error } = await restartOf('2026.9.6', { ...CAN, [method]: new Error('broken') });
    expect(error).toBeNull();
    expect(facts.restartNotice).toEqual({ way: null, why: 'broken' });
    expect(asked.at(-1)).toBe('restart');
  },
);

test('a refusal is on record without secrets, and short', async () => {
  const said = `no ${'x'.repeat(190)} hunter2-hunter2`;
  const { facts } = await restartOf(
    '2026.9.6',
    { ...CAN, 'gateway.suspend.handoff': said },
    { MY_PASSWORD: 'hunter2-hunter2' },
  );
  expect(facts.restartNotice).toEqual({ way: null, why: `no ${'x'.repeat(190)} …` });
});

test('the lease of a gateway that drains for its restart is on disk before that', async () => {
  const { saved } = await restartOf('2026.9.6', CAN);
  expect(saved).toMatchObject({ lease: 'a' });
});

test.each([false, true])(
  'an older gateway finds an intent for its process, and none is left (failed: %s)',
  async (fails) => {
    const { facts, seen, left } = await restartOf('2026.6.1', {}, { INVOCATION_ID: 'a' }, fails);
    expect(facts.restartNotice).toEqual({ way: 'intent' });
    expect(JSON.parse(seen ?? '')).toMatchObject({ kind: 'gateway-restart', pid: 999_999_999, force: true });
    expect(left).toBe(false);
  },
);
