import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Door } from '../../src/openclaw/endpoint.js';

/** Reply to one question: an answer, a refusal, or nothing at all. */
export type Says = { payload: unknown } | 'refuses' | 'is silent';

/** Something that speaks the gateway's protocol on a port of its own, lets in clients with the token, and gives the replies of the test. */
export async function talkingGateway(says: (method: string, count: number) => Says) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const asked: { method: string; params: { scopes?: string[]; auth?: { token?: string } } }[] = [];
  server.on('connection', (socket) => {
    socket.send('this is no frame of the protocol');
    socket.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n' } }));
    socket.on('message', (data) => {
      const { id, method, params } = JSON.parse(String(data));
      asked.push({ method, params });
      const isHello = method === 'connect';
      const count = asked.filter((other) => other.method === method).length;
      const hello: Says = params.auth?.token === 'test' ? { payload: { type: 'hello-ok' } } : 'refuses';
      const said = isHello ? hello : says(method, count);
      if (said === 'is silent') return;
      const body = said === 'refuses' ? { ok: false, error: { code: 'X' } } : { ok: true, ...said };
      socket.send(JSON.stringify({ type: 'res', id, ...body }));
    });
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint: Door = { url: `http://127.0.0.1:${port}`, token: 'test' };
  return { endpoint, asked };
}
