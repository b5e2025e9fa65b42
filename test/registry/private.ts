import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Registry } from './registry.js';

/** A registry behind TLS of an authority that nobody knows, for clients with the token. */
export interface PrivateRegistry {
  /** Real address. */
  url: string;
  /** The file of its authority. */
  cafile: string;
  /** Count of requests without the token, or with another one. */
  refused(): number;
  close(): Promise<void>;
}

/** A key and a certificate of itself, for `registry.invalid`, `scope.invalid` and localhost, until 2126. */
const TLS = new URL('../fixtures/tls/', import.meta.url);

export async function startPrivateRegistry(
  registry: Registry,
  { token }: { token: string },
): Promise<PrivateRegistry> {
  const key = readFileSync(new URL('key.pem', TLS));
  const certificate = new URL('certificate.pem', TLS);
  let refused = 0;
  const server = createServer({ key, cert: readFileSync(certificate) }, (incoming, outgoing) => {
    if (incoming.headers.authorization !== `Bearer ${token}`) {
      refused++;
      outgoing.writeHead(401, { 'www-authenticate': 'Bearer' }).end('{"error":"Who are you?"}');
      return;
    }
    const { method, headers, url } = incoming;
    const onward = request(new URL(url ?? '', registry.url), { method, headers });
    onward.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 0, response.headers);
      response.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    cafile: fileURLToPath(certificate),
    refused: () => refused,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
