import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { reachBefore } from '../../../src/change/reach-before.js';
import { freePort } from '../../../src/host/port.js';
import { type ChangeKind, planChange } from '../../../src/ledger/plan.js';
import { nobody } from '../../support/nobody.js';

const LIMITS = { readyFloorMs: 300 };

/** A gateway whose process lives and listens nowhere. */
async function silent(pid?: number | null) {
  const port = await freePort();
  const child = spawn('/bin/sleep', ['60'], { env: { HOME: '/nowhere' }, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const launch = { args: ['--port', String(port)], env: {} };
  const found = pid === undefined ? (child.pid ?? null) : pid;
  const inspect = () =>
    Promise.resolve({
      state: 'running' as const,
      pid: found,
      instance: 'x',
      restarts: 0,
      lastExit: null,
      launch,
    });
  const byHand = { restart: 'systemctl --user restart it', log: null };
  return { port, supervisor: { ...nobody, inspect, byHand } };
}

const plan = (kind: ChangeKind, restart = true) => planChange(kind, '2026.6.1', { limits: LIMITS, restart });

test.each<ChangeKind>(['update', 'switch', 'adopt'])(
  '%s refuses a gateway that runs and does not answer, and names the address and where it comes from',
  async (kind) => {
    const { port, supervisor } = await silent();
    await expect(reachBefore(supervisor, plan(kind))).rejects.toMatchObject({
      code: 'gateway_silent',
      message: expect.stringMatching(`at http://127\\.0\\.0\\.1:${port} \\(the address of its configuration`),
      hint: expect.stringMatching(/^systemctl --user restart it, then .*; or openclaw-releases rollback$/),
      untouched: 'Nothing was changed.',
    });
  },
);

test.each<ChangeKind>(['rollback', 'unadopt'])(
  '%s may restart a gateway that does not answer',
  async (kind) => {
    const { supervisor } = await silent();
    expect((await reachBefore(supervisor, plan(kind))).health.live).toBe(false);
  },
);

test('a switch without a restart, and a gateway that does not run, need no answer', async () => {
  expect((await reachBefore((await silent()).supervisor, plan('switch', false))).health.live).toBe(false);
  expect((await reachBefore((await silent(null)).supervisor, plan('update'))).health.live).toBe(false);
});

test('a gateway that begins to answer within the time of a start is accepted', async () => {
  const { port, supervisor } = await silent();
  const server = createServer((_, response) => response.end('{}'));
  onTestFinished(() => void server.close());
  let looks = 0;
  const inspect = async () => {
    if (++looks === 2) await once(server.listen(port, '127.0.0.1'), 'listening');
    return supervisor.inspect();
  };
  expect((await reachBefore({ ...supervisor, inspect }, plan('update'))).health.live).toBe(true);
});
