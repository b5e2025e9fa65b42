import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { answers, Prober } from '../../../src/demo/prober.js';
import { freePort } from '../../../src/host/port.js';
import { until } from '../../support/place.js';

async function gateway() {
  const now = { status: 200 };
  const server = createServer((_, response) => {
    response.writeHead(now.status).end();
  });
  onTestFinished(() => void server.close());
  const port = await freePort();
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return { now, server, url: `http://127.0.0.1:${port}` };
}

test('a prober records each time without a good answer once it is over', async () => {
  const { now, url } = await gateway();
  const ending = new AbortController();
  const prober = new Prober();
  const running = prober.run(url, ending.signal);
  const asked = async (count: number) => {
    const before = prober.requests;
    await until('it has asked again', () => prober.requests >= before + count);
  };
  await asked(2);
  expect(prober.take()).toEqual([]);
  now.status = 503;
  await asked(3);
  expect(prober.take()).toEqual([]);
  now.status = 200;
  await asked(3);
  expect(prober.take()).toEqual([{ at: expect.stringMatching(/^\d{4}-/), ms: expect.any(Number) }]);
  expect(prober.take()).toEqual([]);
  ending.abort();
  await running;
});

test('an address where nobody listens does not answer', async () => {
  const { server, url } = await gateway();
  expect(await answers(url)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  expect(await answers(url)).toBe(false);
});
