import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** One request that a proxy could read. */
export interface Seen {
  /** `GET http://registry.invalid/openclaw` */
  request: string;
  status: number;
  /** Bytes of the body that came back. */
  bytes: number;
}

/** One connection that a proxy passed on without reading it. */
export interface Tunnel {
  /** `registry.invalid:443` */
  to: string;
  bytesDown: number;
  bytesUp: number;
}

/** A proxy of our own on the loopback, for plain requests and for tunnels, that keeps count. */
export interface CountingProxy {
  readonly url: string;
  readonly seen: Seen[];
  readonly tunnels: Tunnel[];
  close(): Promise<void>;
}

/** @param hosts where hosts really are that only the proxy knows: `{ 'registry.invalid:443': 'https://127.0.0.1:40001/' }` */
export async function startProxy(hosts: Record<string, string> = {}): Promise<CountingProxy> {
  const seen: Seen[] = [];
  const tunnels: Tunnel[] = [];
  const sockets = new Set<Socket>();
  const behind = (host: string, port: string) => {
    const known = hosts[`${host}:${port}`];
    const { hostname, port: real } = known ? new URL(known) : { hostname: host, port };
    return { host: hostname, port: Number(real) };
  };

  const server = createServer((incoming, outgoing) => {
    // A client of something that had this port before asks as it would ask a server.
    if (!URL.canParse(incoming.url ?? '')) return void outgoing.writeHead(400).end();
    const { hostname, port, pathname, search } = new URL(incoming.url ?? '');
    const { method, headers } = incoming;
    const one: Seen = { request: `${method} ${incoming.url}`, status: 0, bytes: 0 };
    seen.push(one);
    const onward = request({ ...behind(hostname, port || '80'), method, headers, path: pathname + search });
    onward.on('response', (response) => {
      one.status = response.statusCode ?? 0;
      outgoing.writeHead(one.status, response.headers);
      response.on('data', (bytes: Buffer) => {
        one.bytes += bytes.length;
      });
      response.pipe(outgoing);
      response.on('error', () => outgoing.destroy());
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  server.on('connect', ({ url = '' }, client: Socket, head: Buffer) => {
    const [host = '', port = ''] = url.split(':');
    const one: Tunnel = { to: url, bytesDown: 0, bytesUp: head.length };
    tunnels.push(one);
    const onward = connect(behind(host, port), () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      client.pipe(onward).pipe(client);
    });
    onward.on('data', (bytes) => {
      one.bytesDown += bytes.length;
    });
    client.on('data', (bytes) => {
      one.bytesUp += bytes.length;
    });
    for (const [end, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      sockets.add(end);
      end.on('error', () => other.destroy());
      end.on('close', () => {
        sockets.delete(end);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen,
    tunnels,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
