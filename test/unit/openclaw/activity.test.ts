import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { activityIn, sampleActivity } from '../../../src/openclaw/activity.js';
import type { Door } from '../../../src/openclaw/endpoint.js';
import { talkingGateway } from '../../support/talking-gateway.js';

const IDLE = { payload: { safe: true, counts: { totalActive: 0 }, blockers: [] } };

async function endpointOf(server: Server): Promise<Door> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, token: 'test' };
}

test('the gateway is asked with the scope to read only, and with the token', async () => {
  const { endpoint, asked } = await talkingGateway(() => IDLE);
  expect(await sampleActivity(endpoint)).toEqual([]);
  expect(asked.map(({ method }) => method)).toEqual(['connect', 'gateway.restart.preflight']);
  expect(asked[0]?.params).toMatchObject({ scopes: ['operator.read'], auth: { token: 'test' } });
});

test.each([
  ['an answer of a real 2026.5.28', { safe: true, blockers: [], summary: 'safe to restart now' }, []],
  [
    'several of a kind',
    {
      safe: false,
      blockers: [
        { kind: 'queue', count: 2, message: '2 queued or active operation(s)' },
        { kind: 'embedded-run', count: 1, message: '1 active embedded run(s)' },
        { kind: 'task', count: 1, message: 'taskId=a' },
        { kind: 'task', count: 1, message: 'taskId=b' },
      ],
    },
    ['2 queued operations', '1 agent run', '2 tasks'],
  ],
  [
    'clients that poll, beside a request of another kind',
    {
      safe: false,
      blockers: [
        {
          kind: 'root-request',
          count: 3,
          message: '3 active gateway request(s): http:request, ws:releases.status, ws:update.status',
        },
      ],
    },
    ['1 request'],
  ],
  [
    'a client that polls alone',
    {
      safe: false,
      blockers: [
        { kind: 'root-request', count: 1, message: '1 active gateway request(s): ws:releases.status' },
      ],
    },
    [],
  ],
  [
    'a change that is being begun, and a method that only begins alike',
    {
      safe: false,
      blockers: [
        { kind: 'root-request', count: 2, message: 'ws:releases.update, ws:releases.statusboard' },
        { kind: 'task', count: 1, message: 'waits for ws:releases.status' },
      ],
    },
    ['2 requests', '1 task'],
  ],
  ['a kind of a newer version', { safe: false, blockers: [{ kind: 'dream', count: 3 }] }, ['3 dream']],
  ['busy with nothing that it names', { safe: false, blockers: [null, 7, {}] }, ['work of its own']],
  ['busy, and no list at all', { safe: false, blockers: 'many' }, ['work of its own']],
  ['an answer to something else', { ok: true }, null],
  ['nothing', null, null],
  ['a text', 'safe', null],
])('%s', (_, answer, expected) => {
  expect(activityIn(answer)).toEqual(expected);
});

test.each(['refuses', 'is silent'] as const)('the activity of a gateway that %s is unknown', async (says) => {
  const { endpoint } = await talkingGateway(() => says);
  expect(await sampleActivity(endpoint, 300)).toBeNull();
});

test('a client with the wrong token, or without one, gets no answer', async () => {
  const { endpoint, asked } = await talkingGateway(() => IDLE);
  expect(await sampleActivity({ ...endpoint, token: 'wrong' })).toBeNull();
  expect(await sampleActivity({ ...endpoint, token: null })).toBeNull();
  expect(asked).toHaveLength(1);
});

test('a web server without sockets gives no answer', async () => {
  const server = createServer((_, response) => response.end('<html>'));
  expect(await sampleActivity(await endpointOf(server))).toBeNull();
});

test('a port that never answers costs the time limit, and a closed one nothing', async () => {
  const endpoint = await endpointOf(createTcpServer(() => {}));
  const begun = performance.now();
  expect(await sampleActivity(endpoint, 300)).toBeNull();
  expect(performance.now() - begun).toBeGreaterThan(250);
  expect(await sampleActivity({ ...endpoint, url: 'http://127.0.0.1:1' })).toBeNull();
});
