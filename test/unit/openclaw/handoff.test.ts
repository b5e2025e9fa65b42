import { expect, test } from 'vitest';
import { announceHandoff, identifyProcess } from '../../../src/openclaw/handoff.js';
import { type Says, talkingGateway } from '../../support/talking-gateway.js';

test.each<[string, Says, unknown]>([
  ['tells', { payload: { pid: 7, processInstanceId: 'b', uptimeMs: 1 } }, { pid: 7, id: 'b' }],
  ['tells no process, as 2026.8.1', { payload: { pid: 7 } }, null],
  ['tells nonsense', { payload: { pid: '7', processInstanceId: 'b' } }, null],
  ['does not know the question', 'refuses', null],
])('the process of a gateway that %s', async (_, says, expected) => {
  const { endpoint, asked } = await talkingGateway(() => says);
  expect(await identifyProcess(endpoint)).toEqual(expected);
  expect(asked[0]?.params.scopes).toEqual(['operator.read']);
});

test.each<[string, Says, string | null]>([
  ['is told', { payload: { status: 'armed', suspensionId: 'a', expiresAtMs: 1 } }, null],
  ['refuses', 'refuses', 'X'],
  ['is silent', { payload: null }, 'it did not answer'],
])('a gateway that %s of its restart', async (_, says, expected) => {
  const { endpoint, asked } = await talkingGateway(() => says);
  expect(await announceHandoff(endpoint, 'a', { pid: 7, id: 'b' })).toBe(expected);
  expect(asked[1]).toMatchObject({
    method: 'gateway.suspend.handoff',
    params: { suspensionId: 'a', target: { pid: 7, processInstanceId: 'b' } },
  });
});
