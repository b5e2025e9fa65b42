import { expect, test } from 'vitest';
import { drain, endDrain, sampleDrain } from '../../../src/openclaw/drain.js';
import { type Says, talkingGateway } from '../../support/talking-gateway.js';

const BLOCKERS = [{ kind: 'embedded-run', count: 1, message: '1 active embedded run(s)' }];

/** Answers of a real 2026.9.6. */
const DRAINING = {
  status: 'draining',
  suspensionId: 'a',
  expiresAtMs: 1,
  activeCount: 1,
  blockers: BLOCKERS,
};
const READY = { ...DRAINING, status: 'ready', activeCount: 0, blockers: [] };
const BUSY = { status: 'busy', reason: 'gateway-draining', activeCount: 1, blockers: BLOCKERS };

test('a gateway drains for a request, with the rights and the parameters that its protocol asks for', async () => {
  const { endpoint, asked } = await talkingGateway(() => ({ payload: DRAINING }));
  expect(await drain(endpoint, 'a change')).toEqual({ lease: 'a', busy: ['1 agent run'] });
  expect(asked.map(({ method }) => method)).toEqual(['connect', 'gateway.suspend.prepare']);
  expect(asked[0]?.params.scopes).toEqual(['operator.admin']);
  expect(asked[1]?.params).toEqual({ requestId: 'a change', drain: true, terminalPolicy: 'terminate' });
});

test.each<[string, Says, unknown]>([
  ['has finished its work', { payload: READY }, { lease: 'a', busy: [] }],
  ['is shutting down already', { payload: BUSY }, null],
  ['has another lease, or has no such method', 'refuses', null],
  ['is silent', 'is silent', null],
  ['answers something else', { payload: [] }, null],
  ['names no lease', { payload: { ...READY, suspensionId: 7 } }, null],
])('the drain of a gateway that %s', async (_, says, expected) => {
  const { endpoint } = await talkingGateway(() => says);
  expect(await drain(endpoint, 'a change')).toEqual(expected);
});

test.each<[string, Says, string[] | null]>([
  ['works', { payload: { status: 'draining', blockers: BLOCKERS } }, ['1 agent run']],
  ['is ready', { payload: { status: 'ready', expiresAtMs: 1 } }, []],
  ['takes new work again', { payload: { status: 'running' } }, null],
  ['refuses', 'refuses', null],
])('a draining gateway that %s is asked for less than its control', async (_, says, expected) => {
  const { endpoint, asked } = await talkingGateway(() => says);
  expect(await sampleDrain(endpoint, 'a')).toEqual(expected);
  expect(asked[0]?.params.scopes).toEqual(['operator.read']);
  expect(asked[1]).toMatchObject({ method: 'gateway.suspend.status', params: { suspensionId: 'a' } });
});

test('the end of a drain names its lease, and no answer is harmless', async () => {
  const { endpoint, asked } = await talkingGateway(() => 'refuses');
  await endDrain(endpoint, 'a');
  expect(asked[1]).toMatchObject({ method: 'gateway.suspend.resume', params: { suspensionId: 'a' } });
});
