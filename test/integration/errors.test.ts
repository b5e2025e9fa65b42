import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { Context } from '../../src/change/context.js';
import { checkListener } from '../../src/change/orphan.js';
import { awaitVerified } from '../../src/change/verification.js';
import { ERROR_CODES, toErrorRecord } from '../../src/errors.js';
import { environmentOf } from '../../src/host/process.js';
import { nobody } from '../support/nobody.js';
import { temporaryRoot, until } from '../support/place.js';

const TESTS = fileURLToPath(new URL('..', import.meta.url));

test('every error code is expected by a test of the quick lane', () => {
  const texts = ['unit', 'integration'].flatMap((lane) =>
    readdirSync(join(TESTS, lane), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.test.ts'))
      .map((path) => readFileSync(join(TESTS, lane, path), 'utf8')),
  );
  const missing = Object.keys(ERROR_CODES).filter(
    (code) => !texts.some((text) => new RegExp(`['"\`]${code}['"\`]`).test(text)),
  );
  expect(missing).toEqual([]);
});

test.each([
  ['ENOSPC', 'insufficient_space'],
  ['EDQUOT', 'insufficient_space'],
  ['EROFS', 'write_failed'],
  ['EIO', 'write_failed'],
  ['EBADF', 'internal'],
])('an error of the system with %s becomes %s', (code, expected) => {
  const record = toErrorRecord(Object.assign(new Error('it failed'), { code }));
  expect(record).toMatchObject({ code: expected, message: expect.stringContaining('it failed') });
});

test('a process that holds the port of the gateway is named', async () => {
  const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await until('the server listens', () => server.listening);
  const { port } = server.address() as AddressInfo;
  await expect(
    checkListener({ host: '127.0.0.1', port, secure: false } as never, nobody),
  ).rejects.toMatchObject({
    code: 'port_held_by_orphan',
    message: expect.stringContaining(`process ${process.pid},`),
  });
});

test('a gateway that was started from another release is not verified', async () => {
  const root = temporaryRoot();
  const env = { OPENCLAW_RELEASES_RELEASE: join(root.releases, '2026.6.1') };
  const child = spawn('/bin/sleep', ['600'], { env, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const { pid = 0 } = child;
  await until('the process has its environment', () => 'OPENCLAW_RELEASES_RELEASE' in environmentOf(pid));
  const inspection = {
    pid,
    state: 'running' as const,
    instance: 'this start',
    restarts: 0,
    lastExit: null,
    launch: { args: [], env: {} },
  };
  const context = {
    root,
    supervisor: { ...nobody, inspect: () => Promise.resolve(inspection) },
    signal: new AbortController().signal,
  } as unknown as Context;
  const expected = {
    release: '2026.6.5',
    instance: 'this start',
    before: null,
    mustBeReady: true,
    settleMs: 0,
    limits: { readyFloorMs: 1_000, readyCeilingMs: 1_000 },
  };
  await expect(awaitVerified(context, expected as never)).rejects.toMatchObject({ code: 'wrong_release' });
});
