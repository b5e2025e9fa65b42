import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { descendsFrom } from '../../src/host/process.js';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
import {
  alive,
  cleanUp,
  events,
  eventually,
  makeRoot,
  started,
  startSupervisor,
} from '../fixtures/supervisor/harness.js';

const NEVER = { firstMs: 60_000, maxMs: 60_000, resetAfterMs: 60_000 };

afterEach(async () => expect(await cleanUp()).toEqual([]));

const environmentOf = (root: string) => ({
  OPENCLAW_PROFILE: 'work',
  OPENCLAW_TEST_EVENTS: join(root, 'events'),
  HOME: root,
  SECRET: 'x',
});

describe('inspect', () => {
  it('reports the process, its identity and its arguments', async () => {
    const root = makeRoot();
    const env = environmentOf(root);
    startSupervisor(root, ['forever', '--port', '1'], { env });
    const gateway = await started(root);
    const inspection = await builtinSupervisor(root).inspect();
    const { SECRET: _, ...launched } = env;
    expect(inspection).toEqual({
      state: 'running',
      pid: gateway,
      instance: expect.stringMatching(new RegExp(`^${gateway}-\\d+$`)),
      restarts: 0,
      lastExit: null,
      launch: { args: ['forever', '--port', '1'], env: launched },
    });
  });

  it('reports that there is no supervisor', async () => {
    const error = { code: 'supervisor_not_found', hint: 'openclaw-releases setup' };
    await expect(builtinSupervisor(makeRoot()).inspect()).rejects.toMatchObject(error);
    await expect(builtinSupervisor('/nonexistent').restart()).rejects.toMatchObject(error);
  });
});

describe('a glance', () => {
  it('reports what is recorded, even when the supervisor hangs, and nothing of what has ended', async () => {
    const root = makeRoot();
    const running = startSupervisor(root, ['forever'], { env: environmentOf(root) });
    const supervisor = builtinSupervisor(root);
    const seen = () => supervisor.peek();
    const told = async () => {
      const { pid, instance, restarts, launch } = await supervisor.inspect();
      return { pid, instance, env: launch.env, start: { restarts, port: null } };
    };
    await started(root);
    const first = await told();
    expect(seen()).toEqual(first);
    await supervisor.restart();
    await started(root, 2);
    expect(seen()).toEqual(await told());
    expect(seen()?.instance).not.toBe(first.instance);
    running.process.kill('SIGSTOP');
    expect(seen()).not.toBeNull();
    running.process.kill('SIGCONT');
    running.process.kill('SIGTERM');
    await running.exit;
    expect(seen()).toBeNull();
    expect(builtinSupervisor('/nonexistent').peek()).toBeNull();
  });

  it('reports no process that merely has the pid of the recorded one', async () => {
    const root = makeRoot();
    startSupervisor(root, ['forever'], { env: environmentOf(root) });
    await started(root);
    const path = join(root, 'run.json');
    const record = JSON.parse(readFileSync(path, 'utf8'));
    for (const who of ['supervisor', 'gateway']) {
      const earlier = { ...record[who], startTicks: record[who].startTicks - 1 };
      writeFileSync(path, JSON.stringify({ ...record, [who]: earlier }));
      expect(builtinSupervisor(root).peek()).toBeNull();
    }
    writeFileSync(path, JSON.stringify(record));
    expect(builtinSupervisor(root).peek()).not.toBeNull();
  });
});

describe('owns', () => {
  it('knows the gateway, its children and its orphans, and no one else', async () => {
    const root = makeRoot();
    const running = startSupervisor(root, ['thin-parent', 'forever']);
    const child = await started(root);
    const supervisor = builtinSupervisor(root);
    const { pid } = await supervisor.inspect();
    expect(descendsFrom(child, pid ?? 0)).toBe(true);
    expect(await supervisor.owns(child)).toBe(true);
    expect(await supervisor.owns(pid ?? 0)).toBe(true);
    expect(await supervisor.owns(running.pid)).toBe(false);
    expect(await supervisor.owns(process.pid)).toBe(false);
  });
});

describe('restart', () => {
  it('answers when another process runs and the old one is gone', async () => {
    const root = makeRoot();
    startSupervisor(root, ['forever', '200']);
    const first = await started(root);
    const supervisor = builtinSupervisor(root);
    const before = await supervisor.inspect();
    const report = await supervisor.restart();
    expect(alive(first)).toBe(false);
    const after = await supervisor.inspect();
    expect(after).toMatchObject({ state: 'running', instance: report.instance, restarts: 0 });
    expect(after.instance).not.toBe(before.instance);
    expect(after.lastExit).toEqual({ code: 0, signal: null });
    expect(report.killed).toBe(false);
    expect(report.stopMs).toBeGreaterThanOrEqual(200);
  });

  it('incident-4: a stop that ends in SIGKILL is still followed by a start', async () => {
    const root = makeRoot();
    startSupervisor(root, ['stubborn'], { stopLimitMs: 300 });
    const first = await started(root);
    const supervisor = builtinSupervisor(root);
    const report = await supervisor.restart();
    expect(report.killed).toBe(true);
    expect(report.stopMs).toBeGreaterThanOrEqual(300);
    expect(alive(first)).toBe(false);
    expect(alive(await started(root, 2))).toBe(true);
    expect(await supervisor.inspect()).toMatchObject({
      state: 'running',
      lastExit: { code: null, signal: 'SIGKILL' },
    });
    expect(events(root).filter(({ event }) => event === 'SIGTERM')).toHaveLength(1);
  });

  it('incident-4: is finished although the requester is gone', async () => {
    const root = makeRoot();
    startSupervisor(root, ['forever', '500']);
    const first = await started(root);
    const socket = connect(join(root, 'run.sock'));
    socket.write('{"cmd":"restart"}\n');
    await eventually(() => events(root).some(({ event }) => event === 'SIGTERM'));
    socket.destroy();
    const second = await started(root, 2);
    expect(alive(first)).toBe(false);
    expect(alive(second)).toBe(true);
  });

  it('happens once for all requests that come meanwhile', async () => {
    const root = makeRoot();
    startSupervisor(root, ['forever', '500']);
    await started(root);
    const supervisor = builtinSupervisor(root);
    const reports = await Promise.all([supervisor.restart(), supervisor.restart(), supervisor.restart()]);
    expect(new Set(reports.map((report) => JSON.stringify(report))).size).toBe(1);
    await started(root, 2);
    expect(events(root).map(({ event }) => event)).toEqual(['started', 'SIGTERM', 'started']);
  });

  it('starts at once a gateway that waits for its next start', async () => {
    const root = makeRoot();
    startSupervisor(root, ['sequence', '1@0'], { backoff: NEVER });
    const supervisor = builtinSupervisor(root);
    await started(root);
    await eventually(async () => (await supervisor.inspect()).state === 'waiting');
    const report = await supervisor.restart();
    expect(report).toMatchObject({ stopMs: 0, killed: false });
    await started(root, 2);
    expect(await supervisor.inspect()).toMatchObject({
      state: 'running',
      restarts: 0,
      instance: report.instance,
    });
  });

  it('fails for every waiting request when the supervisor is stopped meanwhile', async () => {
    const root = makeRoot();
    const running = startSupervisor(root, ['forever', '500']);
    await started(root);
    const report = builtinSupervisor(root).restart();
    await eventually(() => events(root).some(({ event }) => event === 'SIGTERM'));
    running.process.kill('SIGTERM');
    await expect(report).rejects.toMatchObject({ code: 'restart_failed' });
    expect(await running.exit).toBe(0);
    expect(events(root).map(({ event }) => event)).toEqual(['started', 'SIGTERM']);
  });

  it('fails for every waiting request when the supervisor is killed meanwhile', async () => {
    const root = makeRoot();
    const running = startSupervisor(root, ['forever', '500']);
    await started(root);
    const report = builtinSupervisor(root).restart();
    await eventually(() => events(root).some(({ event }) => event === 'SIGTERM'));
    running.process.kill('SIGKILL');
    await expect(report).rejects.toMatchObject({ code: 'supervisor_failed' });
  });
});
