import { expect, test } from 'vitest';
import { peersOf } from '../../../src/openclaw/peers.js';
import { talkingGateway } from '../../support/talking-gateway.js';

/** Answers of a real 2026.9.6, shortened. */
const NODES = {
  nodes: [
    { nodeId: '58d6', displayName: 'kitchen pi', version: '2026.5.7', paired: true, connected: false },
    { nodeId: '77aa', version: '2026.9.6', coreVersion: '2026.9.5', connected: true },
    { nodeId: '99bb', connected: false },
    'not a node',
  ],
};
const PRESENCE = [
  { host: 'vm', mode: 'gateway', version: '2026.9.6', ip: '192.0.2.2' },
  { host: 'kitchen pi', mode: 'node', version: '2026.5.7' },
  { host: 'openclaw-control-ui', mode: 'webchat', version: 'control-ui' },
  { host: 'cli', mode: 'cli', version: '2026.9.6' },
  { host: 'laptop', mode: 'cli', version: '2026.5.3', ip: '192.0.2.9' },
  { host: 'a\nphone', mode: 'ui', version: '2026.8.1' },
  { host: 'a\nphone', mode: 'ui', version: '2026.8.1' },
];

test('nodes and clients of their own are listed once; what comes with the gateway is left out', async () => {
  const { endpoint, asked } = await talkingGateway((method) => ({
    payload: method === 'node.list' ? NODES : PRESENCE,
  }));
  expect(await peersOf(endpoint)).toEqual([
    { role: 'node', name: 'kitchen pi', version: '2026.5.7' },
    { role: 'node', name: '77aa', version: '2026.9.5' },
    { role: 'node', name: '99bb', version: null },
    { role: 'client', name: 'laptop', version: '2026.5.3' },
    { role: 'client', name: 'a phone', version: '2026.8.1' },
  ]);
  expect(asked.flatMap(({ params }) => params.scopes ?? [])).toEqual(['operator.read', 'operator.read']);
});

test.each([
  ['node.list', [{ role: 'client', name: 'laptop', version: '2026.5.3' }]],
  ['system-presence', [{ role: 'node', name: '77aa', version: '2026.9.5' }]],
])('a gateway that refuses %s tells the rest', async (refused, rest) => {
  const payloads: Record<string, unknown> = {
    'node.list': { nodes: NODES.nodes.slice(1, 2) },
    'system-presence': PRESENCE.slice(4, 5),
  };
  const { endpoint } = await talkingGateway((method) =>
    method === refused ? 'refuses' : { payload: payloads[method] },
  );
  expect(await peersOf(endpoint)).toEqual(rest);
});

test('a gateway that refuses both tells nothing, and one of another shape has no clients', async () => {
  const silent = await talkingGateway(() => 'refuses');
  expect(await peersOf(silent.endpoint)).toBeNull();
  const strange = await talkingGateway(() => ({ payload: { nodes: 7 } }));
  expect(await peersOf(strange.endpoint)).toEqual([]);
});
