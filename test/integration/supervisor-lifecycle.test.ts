import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sessionOf } from '../../src/host/process.js';
import { Backoff } from '../../src/supervisor/backoff.js';
import { builtinSupervisor } from '../../src/supervisor/builtin.js';
import {
  alive,
  cleanUp,
  events,
  eventually,
  makeRoot,
  processesOf,
  type Running,
  started,
  startSupervisor,
  watchersOf,
} from '../fixtures/supervisor/harness.js';

const QUICK = { firstMs: 50, maxMs: 200, resetAfterMs: 60_000 };

/** The delays that the supervisor said it would wait, in milliseconds. */
function delays(supervisor: Running): number[] {
  return [...supervisor.output().matchAll(/again in (\d+) ms/g)].map(([, ms]) => Number(ms));
}

function told(root: string): string[] {
  return events(root).map(({ event }) => event);
}

afterEach(async () => expect(await cleanUp()).toEqual([]));

describe('a supervisor that is asked to end', () => {
  it('sends the gateway one SIGTERM on Ctrl-C and ends with its exit code', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['forever', '300']);
    await started(root);
    // What a terminal does: SIGINT to its whole foreground group, here twice by an impatient person.
    process.kill(-supervisor.pid, 'SIGINT');
    await eventually(() => told(root).includes('SIGTERM'));
    process.kill(-supervisor.pid, 'SIGINT');
    expect(await supervisor.exit).toBe(0);
    expect(told(root)).toEqual(['started', 'SIGTERM']);
    expect(existsSync(join(root, 'run.sock'))).toBe(false);
    expect(existsSync(join(root, 'run.json'))).toBe(false);
  });

  it('kills a gateway that ignores SIGTERM after the stop limit, and says so by its exit code', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['stubborn'], { stopLimitMs: 300 });
    const gateway = await started(root);
    supervisor.process.kill('SIGTERM');
    expect(await supervisor.exit).toBe(128 + 9);
    expect(alive(gateway)).toBe(false);
  });

  it('ends at once while it waits to start the gateway again', async () => {
    const root = makeRoot();
    const backoff = { firstMs: 60_000, maxMs: 60_000, resetAfterMs: 60_000 };
    const supervisor = startSupervisor(root, ['sequence', '4@0'], { backoff });
    await eventually(() => delays(supervisor).length > 0);
    supervisor.process.kill('SIGTERM');
    expect(await supervisor.exit).toBe(4);
  });

  it('passes other signals on to the gateway', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['forever']);
    await started(root);
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const) {
      supervisor.process.kill(signal);
      await eventually(() => told(root).includes(signal));
    }
    expect(supervisor.output()).not.toContain('Debugger');
  });
});

describe('a gateway that ends by itself', () => {
  it('is started again after a delay that grows up to its limit, and is counted', async () => {
    const root = makeRoot();
    const ends = ['1@0', '0@0', '1@0', '1@0'];
    const supervisor = startSupervisor(root, ['sequence', ...ends], { backoff: QUICK });
    await started(root, 5);
    expect(delays(supervisor)).toEqual([50, 100, 200, 200]);
    const inspection = await builtinSupervisor(root).inspect();
    expect(inspection).toMatchObject({ state: 'running', restarts: 4, lastExit: { code: 1, signal: null } });
  });

  it('is started again after the first delay when it ran long enough before', async () => {
    const root = makeRoot();
    const backoff = { ...QUICK, resetAfterMs: 1_500 };
    const supervisor = startSupervisor(root, ['sequence', '1@0', '1@0', '1@1600', '1@0'], { backoff });
    await started(root, 5);
    expect(delays(supervisor)).toEqual([50, 100, 50, 100]);
  });

  it('is waited for by the documented times', () => {
    const backoff = new Backoff();
    const crashes = Array.from({ length: 8 }, () => backoff.next(0));
    expect(crashes).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(backoff.next(59_999)).toBe(60_000);
    expect(backoff.next(60_000)).toBe(1_000);
    backoff.next(0);
    backoff.clear();
    expect(backoff.next(0)).toBe(1_000);
  });

  it.each([78, 69])('ends the supervisor when it ended with %i outside of a trial', async (code) => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['sequence', `${code}@0`], { backoff: QUICK });
    expect(await supervisor.exit).toBe(code);
    expect(told(root)).toEqual(['started']);
  });

  it.each([
    ['78 during a trial, so that the launcher counts and goes back', 'trial', 78],
    ['69 while a restore waits, so that the launcher goes on with it', 'restore.json', 69],
  ])('is started again when it ended with %s', async (_, file, code) => {
    const root = makeRoot();
    writeFileSync(join(root, file), '');
    startSupervisor(root, ['sequence', `${code}@0`, `${code}@0`], { backoff: QUICK });
    await started(root, 3);
    expect(await builtinSupervisor(root).inspect()).toMatchObject({
      state: 'running',
      restarts: 2,
      lastExit: { code },
    });
  });

  it('takes along what it left in its process group, so that the next one finds the port free', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['thin-parent', 'stubborn'], {
      backoff: QUICK,
      stopLimitMs: 300,
    });
    const child = await started(root);
    const parent = events(root).find(({ event }) => event === 'parent')?.pid;
    expect(sessionOf(child)).toBe(parent);
    supervisor.process.kill('SIGUSR2');
    await started(root, 2);
    expect(alive(child)).toBe(false);
    expect(await builtinSupervisor(root).owns(child)).toBe(false);
  });
});

describe('incident-5: no gateway outlives its supervisor', () => {
  it('ends the gateway by SIGTERM when the supervisor is killed, and leaves no watcher', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['forever']);
    const gateway = await started(root);
    expect(watchersOf(root)).toHaveLength(1);
    supervisor.process.kill('SIGKILL');
    await eventually(() => !alive(gateway));
    expect(told(root)).toEqual(['started', 'SIGTERM']);
    await eventually(() => processesOf(root).length === 0);
  });

  it('kills a gateway and its children that ignore SIGTERM when the supervisor is killed', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['thin-parent', 'stubborn'], { stopLimitMs: 300 });
    const child = await started(root);
    supervisor.process.kill('SIGKILL');
    await eventually(() => !alive(child));
    await eventually(() => processesOf(root).length === 0);
  });

  it('keeps its watcher through signals meant for everybody, and replaces one that was killed', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['forever']);
    const gateway = await started(root);
    const [first = 0] = watchersOf(root);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) process.kill(first, signal);
    process.kill(first, 'SIGKILL');
    await eventually(() => watchersOf(root).some((pid) => pid !== first));
    supervisor.process.kill('SIGKILL');
    await eventually(() => !alive(gateway));
    await eventually(() => processesOf(root).length === 0);
  });

  it('starts no second gateway beside the one that a killed supervisor left', async () => {
    const root = makeRoot();
    const first = startSupervisor(root, ['forever', '1500']);
    const gateway = await started(root);
    first.process.kill('SIGKILL');
    await first.exit;
    startSupervisor(root, ['forever']);
    await eventually(() => told(root).filter((event) => event === 'started').length === 2 || !alive(gateway));
    expect(alive(gateway)).toBe(false);
    const second = await started(root, 2);
    expect(alive(second)).toBe(true);
    expect(told(root)).toEqual(['started', 'SIGTERM', 'started']);
  });

  it('has one watcher for one gateway after restarts', async () => {
    const root = makeRoot();
    startSupervisor(root, ['forever']);
    await started(root);
    await builtinSupervisor(root).restart();
    const gateway = await started(root, 2);
    await eventually(() => watchersOf(root).length === 1);
    const [watcher = 0] = watchersOf(root);
    expect(readFileSync(`/proc/${watcher}/cmdline`, 'utf8')).toContain(
      `openclaw-releases-watcher\0${gateway}\0`,
    );
  });

  it('touches no process that got the pid of a gateway by chance', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['forever']);
    const gateway = await started(root);
    const record = JSON.parse(readFileSync(join(root, 'run.json'), 'utf8'));
    expect(record.gateway.pid).toBe(gateway);
    supervisor.process.kill('SIGKILL');
    await eventually(() => processesOf(root).length === 0);

    record.gateway = { ...record.gateway, pid: process.pid };
    writeFileSync(join(root, 'run.json'), JSON.stringify(record));
    startSupervisor(root, ['forever'], { stopLimitMs: 100 });
    await started(root, 2);
  });
});
