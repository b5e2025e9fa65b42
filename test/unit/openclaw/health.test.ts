import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../../../src/host/port.js';
import type { Door } from '../../../src/openclaw/endpoint.js';
import { apartFromDrain, type Health, sampleHealth, worsened } from '../../../src/openclaw/health.js';
import { ask, askQuickly } from '../../../src/openclaw/http.js';

const NOTHING: Health = {
  answered: false,
  live: false,
  ready: false,
  failing: [],
  phase: null,
  version: null,
};
const CONFIG = '/__openclaw/control-ui-config.json';

type Route = [status: number, body: unknown, headers?: Record<string, string>];
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const servers = new Set<Server | TcpServer>();
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  sockets.clear();
  servers.clear();
});

async function listen(server: Server | TcpServer, token: string | null = null): Promise<Door> {
  servers.add(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, token };
}

/** A gateway that answers by a table; other paths get the user interface, as in older versions. */
function gateway(routes: Record<string, Route | Handler>, token: string | null = null): Promise<Door> {
  return listen(
    createServer((request, response) => {
      const route = routes[request.url ?? ''] ?? [200, '<!doctype html><title>OpenClaw</title>', html];
      if (typeof route === 'function') return route(request, response);
      const [status, body, headers] = route;
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      response.writeHead(status, headers ?? { 'content-type': 'application/json' }).end(text);
    }),
    token,
  );
}

const html = { 'content-type': 'text/html; charset=utf-8' };
const healthz: Route = [200, { ok: true, status: 'live' }];
const eventLoop = { degraded: true, degradedSinceMs: 0, reasons: ['event_loop_delay'], utilization: 1 };
const readyz: Route = [200, { ready: true, failing: [], uptimeMs: 1059, eventLoop }];
const startupz: Route = [200, { ok: true, status: 'started', version: '2026.9.2', uptimeMs: 1077 }];

describe.each([
  ['with the client of Node', ask],
  ['quickly', askQuickly],
])('sampleHealth, asking %s', (_how, asking) => {
  const sample = (endpoint: Door, timeoutMs?: number) => sampleHealth(endpoint, timeoutMs, asking);

  test('reads what 2026.9.2 answers', async () => {
    const endpoint = await gateway({ '/healthz': healthz, '/readyz': readyz, '/startupz': startupz });
    expect(await sample(endpoint)).toEqual({
      answered: true,
      live: true,
      ready: true,
      failing: [],
      phase: expect.stringContaining('started'),
      version: '2026.9.2',
    });
  });

  test.each([
    ['404', [404, 'Not Found', { 'content-type': 'text/plain' }] as Route],
    ['the user interface', [200, '<!doctype html>', html] as Route],
    ['JSON of something else', [200, { version: 7 }] as Route],
  ])(
    'asks the configuration of the user interface where /startupz answers with %s',
    async (_title, route) => {
      let authorization: string | undefined;
      const config: Handler = (request, response) => {
        authorization = request.headers.authorization;
        response.end(JSON.stringify({ serverVersion: '2026.5.28' }));
      };
      const routes = { '/healthz': healthz, '/readyz': readyz, '/startupz': route, [CONFIG]: config };
      expect(await sample(await gateway(routes, 'secret'))).toMatchObject({
        ready: true,
        version: '2026.5.28',
      });
      expect(authorization).toBe('Bearer secret');
      authorization = undefined;
      expect(await sample(await gateway(routes))).toMatchObject({ ready: true, version: null });
      expect(authorization).toBeUndefined();
    },
  );

  test('sends the token to nothing else', async () => {
    const seen: (string | undefined)[] = [];
    const note: Handler = (request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    };
    await sample(await gateway({ '/healthz': note, '/readyz': note, '/startupz': note }, 'secret'));
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  test('does not know the version when the token is refused', async () => {
    const routes = {
      '/healthz': healthz,
      '/readyz': readyz,
      [CONFIG]: [401, { error: 'unauthorized' }] as Route,
    };
    expect((await sample(await gateway(routes, 'wrong'))).version).toBeNull();
  });

  test('sends no token that would be more than one field', async () => {
    let asked = false;
    const config: Handler = (_request, response) => {
      asked = true;
      response.end(JSON.stringify({ serverVersion: '2026.5.28' }));
    };
    const endpoint = await gateway({ '/healthz': healthz, [CONFIG]: config }, 'secret\r\nx: y');
    expect(await sample(endpoint)).toMatchObject({ live: true, version: null });
    expect(asked).toBe(false);
  });

  test('names what fails', async () => {
    const failing = ['discord', 'telegram', 7, null];
    const endpoint = await gateway({ '/healthz': healthz, '/readyz': [503, { ready: false, failing }] });
    expect(await sample(endpoint)).toMatchObject({
      live: true,
      ready: false,
      failing: ['discord', 'telegram'],
    });
  });

  test('is neither live nor ready when a page is served in their place', async () => {
    expect(await sample(await gateway({}))).toEqual({ ...NOTHING, answered: true });
  });

  test('is not ready when the answer says so in spite of its status', async () => {
    expect((await sample(await gateway({ '/readyz': [200, { ready: false }] }))).ready).toBe(false);
  });

  test('follows no redirect', async () => {
    const elsewhere: Route = [302, '', { location: '/healthy' }];
    const endpoint = await gateway({ '/healthz': elsewhere, '/readyz': elsewhere, '/healthy': healthz });
    expect(await sample(endpoint)).toMatchObject({ answered: true, live: false, ready: false });
  });

  test.each(['not JSON', '', '[]', 'null', '"text"', '7'])(
    'finds nothing in a body like %j',
    async (body) => {
      const route: Route = [200, body];
      const endpoint = await gateway({ '/healthz': route, '/readyz': route, '/startupz': route });
      expect(await sample(endpoint)).toMatchObject({
        answered: true,
        live: true,
        failing: [],
        version: null,
      });
    },
  );

  test('reads 64 KiB of an answer and no more', async () => {
    let aborted = false;
    const endless: Handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (response.write('"x'.repeat(8192)));
      };
      response.on('drain', more).on('close', () => {
        aborted = true;
      });
      more();
    };
    const endpoint = await gateway({ '/healthz': healthz, '/readyz': endless });
    const before = performance.now();
    expect(await sample(endpoint, 20_000)).toMatchObject({
      live: true,
      ready: true,
      failing: [],
      phase: null,
    });
    expect(performance.now() - before).toBeLessThan(15_000);
    await expect.poll(() => aborted).toBe(true);
  });

  test('reports that nothing answers on a closed port', async () => {
    expect(await sample({ url: `http://127.0.0.1:${await freePort()}`, token: null })).toEqual(NOTHING);
  });

  test.each([
    ['says nothing', () => {}],
    ['hangs up', (socket: Socket) => socket.destroy()],
    ['does not speak HTTP', (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    ['stops in the middle of the headers', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-')],
  ])('reports that nothing answers where a listener %s', async (_title, behave) => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      behave(socket);
    });
    expect(await sample(await listen(server), 200)).toEqual(NOTHING);
  });

  test('keeps what came in time when a body does not end', async () => {
    const stuck: Handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"ready":');
    };
    const endpoint = await gateway({ '/healthz': healthz, '/readyz': stuck, '/startupz': startupz });
    const before = performance.now();
    expect(await sample(endpoint, 300)).toMatchObject({
      answered: true,
      live: true,
      version: '2026.9.2',
    });
    expect(performance.now() - before).toBeLessThan(5000);
  });

  test('has one deadline for everything, the second question for the version included', async () => {
    const routes = { '/healthz': healthz, '/readyz': readyz, [CONFIG]: () => {} };
    const before = performance.now();
    expect(await sample(await gateway(routes, 'secret'), 300)).toMatchObject({
      ready: true,
      version: null,
    });
    expect(performance.now() - before).toBeLessThan(5000);
  });

  test('closes its connections', async () => {
    const endpoint = await gateway({ '/healthz': healthz, '/readyz': readyz, '/startupz': startupz });
    await sample(endpoint);
    await expect.poll(() => [...sockets].filter((socket) => !socket.destroyed).length).toBe(0);
  });

  test('has another phase only when the start makes progress', async () => {
    const conditions = (reason: string, load: string) => [
      {
        type: 'GatewayStartupComplete',
        status: 'False',
        requirement: 'required',
        reason,
        message: `${load} of 100`,
      },
      { type: 'EventLoopHealthy', status: load, requirement: 'advisory', reason: load, message: load },
    ];
    let step = 'sidecars';
    let load = 1;
    const endpoint = await gateway({
      '/healthz': healthz,
      '/readyz': (_request, response) => {
        load++;
        const body = {
          ready: false,
          failing: [step],
          uptimeMs: load,
          eventLoop: { ...eventLoop, degraded: load % 2 === 0 },
          conditions: conditions(step, String(load)),
          advisories: [`load ${load}`],
          checkedAt: new Date(load).toISOString(),
        };
        response.writeHead(503).end(JSON.stringify(body));
      },
      '/startupz': (_request, response) => {
        response.writeHead(503).end(JSON.stringify({ ok: false, status: 'starting', uptimeMs: load * 10 }));
      },
    });
    const first = (await sample(endpoint)).phase;
    expect(first).toContain('sidecars');
    expect((await sample(endpoint)).phase).toBe(first);
    step = 'channels';
    expect((await sample(endpoint)).phase).not.toBe(first);
  });
});

describe('worsened', () => {
  const good: Health = { ...NOTHING, answered: true, live: true, ready: true };

  test('is silent where nothing got worse', () => {
    expect(worsened(good, good)).toEqual([]);
    expect(worsened(NOTHING, good)).toEqual([]);
    const failing = { ...good, ready: false, failing: ['discord', 'telegram'] };
    expect(worsened(failing, { ...failing, failing: ['telegram'] })).toEqual([]);
  });

  test('names what worked before and does not now', () => {
    const before = { ...good, failing: ['telegram'] };
    const after = { ...good, ready: false, failing: ['discord', 'telegram'] };
    expect(worsened(before, after)).toEqual(['ready', 'discord']);
    expect(worsened(good, NOTHING)).toEqual(['live', 'ready']);
  });
});

test.each<[string, Partial<Health>, boolean, Partial<Health>]>([
  ['was ready', { failing: ['gateway-draining'] }, true, { ready: true, failing: [] }],
  ['was ready, with its checks hidden', {}, true, { ready: true, failing: [] }],
  ['was not ready', { failing: ['gateway-draining'] }, false, { ready: false, failing: [] }],
  [
    'lacks a channel',
    { failing: ['discord', 'gateway-draining'] },
    true,
    { ready: false, failing: ['discord'] },
  ],
])(
  'a gateway that drains for us and %s counts as it would without the drain',
  (_, seen, wasReady, expected) => {
    const health = { ...NOTHING, answered: true, live: true, ...seen };
    expect(apartFromDrain(health, wasReady)).toEqual({ ...health, ...expected });
  },
);
