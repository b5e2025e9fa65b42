import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Registry } from './registry.js';

/** A registry behind TLS of an authority that nobody knows, and for whoever has the token. */
export interface PrivateRegistry {
  /** Where it really is. */
  url: string;
  /** The file of its authority. */
  cafile: string;
  /** How many requests had no token, or another one. */
  refused(): number;
  close(): Promise<void>;
}

/**
 * @param host that its certificate is for
 * @param directory for its keys
 */
export async function startPrivateRegistry(
  registry: Registry,
  { host, token, directory }: { host: string; token: string; directory: string },
): Promise<PrivateRegistry> {
  const [key, cert] = [join(directory, `${host}.key`), join(directory, `${host}.pem`)];
  const names = join(directory, `${host}.cnf`);
  writeFileSync(names, `[req]\ndistinguished_name=dn\n[dn]\n[ext]\nsubjectAltName=DNS:${host}\n`);
  const options = [
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  const about = [
    '-subj',
    `/CN=${host}`,
    '-config',
    names,
    '-extensions',
    'ext',
    '-keyout',
    key,
    '-out',
    cert,
  ];
  execFileSync('openssl', ['req', ...options, ...about], { stdio: 'pipe' });
  let refused = 0;
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (incoming, outgoing) => {
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
    cafile: cert,
    refused: () => refused,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
