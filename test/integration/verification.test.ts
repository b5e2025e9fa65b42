import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { awaitVerified } from '../../src/change/verification.js';
import { environmentOf } from '../../src/host/process.js';
import type { Context } from '../../src/ledger/context.js';
import type { Health } from '../../src/openclaw/health.js';
import type { Inspection } from '../../src/supervisor/supervisor.js';
import { nobody } from '../support/nobody.js';
import { temporaryRoot, until } from '../support/place.js';

const BEFORE: Health = { answered: true, live: true, ready: true, failing: [], phase: null, version: null };

/** Verifies a process that was started from a release, with a server that answers as its gateway. */
async function verify({ from = '2026.6.5', failing = [] as string[] }): Promise<unknown> {
  const root = temporaryRoot();
  const env = { OPENCLAW_RELEASES_RELEASE: join(root.releases, from) };
  const child = spawn('/bin/sleep', ['600'], { env, stdio: 'ignore' });
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ok: true, status: 'live', ready: true, failing }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    child.kill('SIGKILL');
    server.closeAllConnections();
    server.close();
  });
  const { pid = 0 } = child;
  await until(
    'both run',
    () => server.listening && environmentOf(pid).OPENCLAW_RELEASES_RELEASE !== undefined,
  );
  const { port } = server.address() as AddressInfo;
  const inspection: Inspection = {
    pid,
    state: 'running',
    instance: 'this start',
    restarts: 0,
    lastExit: null,
    launch: { args: ['--port', String(port)], env: { OPENCLAW_STATE_DIR: root.path } },
  };
  const context = {
    root,
    supervisor: {
      ...nobody,
      inspect: () => Promise.resolve(inspection),
      owns: () => Promise.resolve(true),
    },
    signal: new AbortController().signal,
    progress: () => {},
  } as unknown as Context;
  return awaitVerified(context, {
    release: '2026.6.5',
    instance: 'this start',
    before: BEFORE,
    gateway: null,
    mustBeReady: true,
    settleMs: 0,
    limits: { settleMs: 0, readyFloorMs: 300, readyCeilingMs: 300 },
  });
}

test('a gateway that was started from another release is not verified', async () => {
  await expect(verify({ from: '2026.6.1' })).rejects.toMatchObject({ code: 'wrong_release' });
});

test('a gateway that has lost a channel is not verified', async () => {
  await expect(verify({ failing: ['discord'] })).rejects.toMatchObject({
    code: 'gateway_worse',
    message: expect.stringContaining('discord'),
  });
});
