import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Backoff } from '../../src/supervisor/builtin/backoff.js';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
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

/** Delays that the supervisor announced, in milliseconds. */
function delays(supervisor: Running): number[] {
  return [...supervisor.output().matchAll(/again in (\d+) ms/g)].map(([, ms]) => Number(ms));
}

function told(root: string): string[] {
  return events(root).map(({ event }) => event);
}

afterEach(async () => expect(await cleanUp()).toEqual([]));

describe('a supervisor that is asked to end', () => {
  test('sends the gateway one SIGTERM on Ctrl-C and ends with its exit code', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['forever', '300']);
    await started(root);
    // A terminal sends SIGINT to its whole foreground group, here twice by an impatient person.
    process.kill(-supervisor.pid, 'SIGINT');
    await eventually(() => told(root).includes('SIGTERM'));
    process.kill(-supervisor.pid, 'SIGINT');
    expect(await supervisor.exit).toBe(0);
    expect(told(root)).toEqual(['started', 'SIGTERM']);
    expect(existsSync(join(root, 'run.sock'))).toBe(false);
    expect(existsSync(join(root, 'run.json'))).toBe(false);
  });

  test('kills a gateway that ignores SIGTERM after the stop limit, and reports it by its exit code', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['stubborn'], { stopLimitMs: 300 });
    const gateway = await started(root);
    supervisor.process.kill('SIGTERM');
    expect(await supervisor.exit).toBe(128 + 9);
    expect(alive(gateway)).toBe(false);
  });

  test('ends at once while it waits to start the gateway again', async () => {
    const root = makeRoot();
    const backoff = { firstMs: 60_000, maxMs: 60_000, resetAfterMs: 60_000 };
    const supervisor = startSupervisor(root, ['sequence', '4@0'], { backoff });
    await eventually(() => delays(supervisor).length > 0);
    supervisor.process.kill('SIGTERM');
    expect(await supervisor.exit).toBe(4);
  });

  test('passes other signals on to the gateway', async () => {
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

describe('a gateway that exits', () => {
  test('is started again after a delay that grows up to its limit, and is counted', async () => {
    const root = makeRoot();
    const ends = ['1@0', '0@0', '1@0', '1@0'];
    const supervisor = startSupervisor(root, ['sequence', ...ends], { backoff: QUICK });
    await started(root, 5);
    expect(delays(supervisor)).toEqual([50, 100, 200, 200]);
    const inspection = await builtinSupervisor(root).inspect();
    expect(inspection).toMatchObject({ state: 'running', restarts: 4, lastExit: { code: 1, signal: null } });
  });

  test('is started again after the documented delays', () => {
    const backoff = new Backoff();
    const crashes = Array.from({ length: 8 }, () => backoff.next(0));
    expect(crashes).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(backoff.next(59_999)).toBe(60_000);
    expect(backoff.next(60_000)).toBe(1_000);
    backoff.next(0);
    backoff.clear();
    expect(backoff.next(0)).toBe(1_000);
  });

  test.each([78, 69])('ends the supervisor when it exits with %i outside of a trial', async (code) => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['sequence', `${code}@0`], { backoff: QUICK });
    expect(await supervisor.exit).toBe(code);
    expect(told(root)).toEqual(['started']);
  });

  test.each([
    ['78 during a trial, so that the launcher counts and rolls back', 'trial', 78],
    ['69 while a restore waits, so that the launcher continues it', 'restore.json', 69],
  ])('is started again when it exits with %s', async (_, file, code) => {
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
});

describe('incident-5: no gateway outlives its supervisor', () => {
  test('ends the gateway by SIGTERM when the supervisor is killed, and leaves no watcher', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['forever']);
    const gateway = await started(root);
    expect(watchersOf(root)).toHaveLength(1);
    supervisor.process.kill('SIGKILL');
    await eventually(() => !alive(gateway));
    expect(told(root)).toEqual(['started', 'SIGTERM']);
    await eventually(() => processesOf(root).length === 0);
  });

  test('kills a gateway and its children that ignore SIGTERM when the supervisor is killed', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['thin-parent', 'stubborn'], { stopLimitMs: 300 });
    const child = await started(root);
    supervisor.process.kill('SIGKILL');
    await eventually(() => !alive(child));
    await eventually(() => processesOf(root).length === 0);
  });

  test('starts no second gateway beside that of a killed supervisor', async () => {
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

  test('has one watcher for one gateway after restarts', async () => {
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
});
