import { createServer } from 'node:net';

/** Below those that Linux gives to all who ask for any (ip(7), `ip_local_port_range`: from 32768 on). */
const LOWEST = 20_000;
const COUNT = 12_000;

const TRIES = 50;

/**
 * A loopback port that was free when checked. Nobody gets it by chance while its gateway is restarted, so nobody who
 * still asks for that gateway reaches another server.
 * @throws Error the last one, when no port that was tried is free
 */
export async function freePort(): Promise<number> {
  let error: unknown;
  for (let tries = 0; tries < TRIES; tries++) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    error = await bindError(port);
    if (error === null) return port;
  }
  throw error;
}

function bindError(port: number): Promise<Error | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', resolve);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(null)));
  });
}
