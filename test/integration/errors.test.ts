import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { checkListener } from '../../src/change/port-holder.js';
import { toErrorRecord } from '../../src/core/errors.js';
import { nobody } from '../support/nobody.js';
import { until } from '../support/place.js';

test.each([
  ['ENOSPC', 'insufficient_space'],
  ['EDQUOT', 'insufficient_space'],
  ['EROFS', 'write_failed'],
  ['EIO', 'write_failed'],
  ['EBADF', 'internal'],
])('a system error %s becomes %s', (code, expected) => {
  const record = toErrorRecord(Object.assign(new Error('it failed'), { code }));
  expect(record).toMatchObject({ code: expected, message: expect.stringContaining('it failed') });
});

test('an error names the process that holds the port of the gateway', async () => {
  const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await until('the server listens', () => server.listening);
  const { port } = server.address() as AddressInfo;
  await expect(
    checkListener(
      { address: '127.0.0.1', port, url: `http://127.0.0.1:${port}`, token: null, listener: null },
      nobody,
    ),
  ).rejects.toMatchObject({
    code: 'port_held_by_orphan',
    message: expect.stringContaining(`process ${process.pid},`),
  });
});
