import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freePort } from '../../../src/host/port.js';

test('a free port is below those that Linux gives to all who ask for any', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  for (const port of ports) expect(port).toBeLessThan(32_768);
});

test('a port that another process has is not free', async () => {
  const taken = await freePort();
  const server = createServer().listen(taken, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const random = vi.spyOn(Math, 'random').mockReturnValueOnce((taken - 20_000 + 0.5) / 12_000);
  onTestFinished(() => random.mockRestore());
  expect(await freePort()).not.toBe(taken);
  random.mockReturnValue((taken - 20_000 + 0.5) / 12_000);
  await expect(freePort()).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
