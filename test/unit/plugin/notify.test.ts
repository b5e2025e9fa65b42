import { expect, test } from 'vitest';
import { newChange, saveChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import type { PluginApi } from '../../../src/plugin/api.js';
import type { Host } from '../../../src/plugin/host.js';
import { deliverVerdicts } from '../../../src/plugin/notify.js';
import { findRequest, newRequest, saveRequest, undelivered } from '../../../src/rpc/requests/requests.js';
import { prepareRoot } from '../../../src/store/root.js';
import { temporaryRoot } from '../../support/place.js';

/** Makes a root with one change that was rolled back, and a session's request for it. */
function withVerdict(sessionKey: string | null) {
  const root = temporaryRoot();
  prepareRoot(root);
  const facts = { from: '2026.5.28', previous: null, to: '2026.6.1' };
  const change = newChange(planChange('update', '2026.6.1'), facts);
  saveChange(root, { ...change, status: 'rolled_back', endedAt: change.startedAt });
  const request = newRequest({
    ...{ by: null, key: null, wants: { kind: 'update', target: '2026.6.1' }, outcome: 'began' },
    ...{ change: change.id, before: '2026.5.28', note: null, sessionKey, deliveryContext: null },
    ...{ threadId: null, continuationMessage: null, restartDelayMs: null },
  });
  saveRequest(root, request);
  return { root, request };
}

/** A gateway of a version, and the messages that it got. */
function gateway(version: string | null, broken = false) {
  const said: string[] = [];
  const woken: string[] = [];
  const warned: string[] = [];
  const system = {
    enqueueSystemEvent(text: string, { sessionKey }: { sessionKey: string }) {
      if (broken) throw new Error('no such session');
      said.push(`${sessionKey}: ${text}`);
      return true;
    },
    requestHeartbeat: ({ sessionKey }: { sessionKey: string }) => void woken.push(sessionKey),
  };
  const logger = { info: () => {}, warn: (text: string) => void warned.push(text) };
  const api = { runtime: { system }, logger } as unknown as PluginApi;
  const deliver = (root: Host['root']) => deliverVerdicts(api, { root, version } as Host);
  return { deliver, said, woken, warned };
}

test('a verdict is sent once into the session of the request, and wakes it', () => {
  const { root } = withVerdict('main');
  const { deliver, said, woken } = gateway('2026.9.6');
  deliver(root);
  deliver(root);
  expect(said).toEqual([expect.stringMatching(/^main: .*2026\.6\.1/s)]);
  expect(woken).toEqual(['main']);
});

test.each(['2026.6.1', null])('a gateway of %s is not woken: it would forget the reason', (version) => {
  const { root } = withVerdict('main');
  const { deliver, said, woken } = gateway(version);
  deliver(root);
  expect([said.length, woken]).toEqual([1, []]);
});

test('a request without a session counts as answered', () => {
  const { root } = withVerdict(null);
  const { deliver, said } = gateway('2026.9.6');
  deliver(root);
  expect([said, undelivered(root)]).toEqual([[], []]);
});

test('a verdict that cannot be sent is logged, and sent by the next try', () => {
  const { root, request } = withVerdict('main');
  const { deliver, warned } = gateway('2026.9.6', true);
  deliver(root);
  expect(warned).toEqual([expect.stringContaining('could not be told: no such session')]);
  expect(findRequest(root, request.id)).not.toBeNull();
  const next = gateway('2026.9.6');
  next.deliver(root);
  expect(next.said).toHaveLength(1);
});
