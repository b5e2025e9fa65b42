import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { sessionOf } from '../../src/host/process.js';
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

/** The delays that the supervisor said it would wait, in milliseconds. */
function delays(supervisor: Running): number[] {
  return [...supervisor.output().matchAll(/again in (\d+) ms/g)].map(([, ms]) => Number(ms));
}

afterEach(async () => expect(await cleanUp()).toEqual([]));

describe('a gateway that ends unasked', () => {
  test('is started again after the first delay when it ran long enough before', async () => {
    const root = makeRoot();
    const backoff = { ...QUICK, resetAfterMs: 1_500 };
    const supervisor = startSupervisor(root, ['sequence', '1@0', '1@0', '1@1600', '1@0'], { backoff });
    await started(root, 5);
    expect(delays(supervisor)).toEqual([50, 100, 50, 100]);
  });

  test.each([
    ['in its process group', 'below'],
    ['in a group apart', 'apart'],
    ['in a group apart, below no process of its own', 'orphan'],
  ])('leaves nothing %s, so that the next one finds the port and the state free', async (_, group) => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['thin-parent', 'stubborn', group], {
      backoff: QUICK,
      stopLimitMs: 300,
    });
    const child = await started(root);
    const parent = events(root).find(({ event }) => event === 'parent')?.pid;
    expect(sessionOf(child)).toBe(group === 'below' ? parent : child);
    expect(await builtinSupervisor(root).owns(child)).toBe(true);
    supervisor.process.kill('SIGUSR2');
    await started(root, 2);
    expect(alive(child)).toBe(false);
    expect(await builtinSupervisor(root).owns(child)).toBe(false);
  });
});

describe('incident-5: no gateway outlives its supervisor', () => {
  test('keeps its watcher through signals meant for everybody, and replaces a killed watcher', async () => {
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

  test('nor does a child in a group apart, which ends with its own gateway only', async () => {
    const roots = [makeRoot(), makeRoot()] as const;
    const [killed] = roots.map((root) => startSupervisor(root, ['thin-parent', 'stubborn', 'apart']));
    const [child, other] = await Promise.all(roots.map((root) => started(root)));
    killed?.process.kill('SIGKILL');
    await eventually(() => processesOf(roots[0]).length === 0);
    expect([child, other].map((pid) => alive(pid ?? 0))).toEqual([false, true]);
  });

  test('where its watcher was killed, too, the next supervisor ends what is left', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['thin-parent', 'stubborn', 'apart']);
    const child = await started(root);
    const gateway = events(root).find(({ event }) => event === 'parent')?.pid ?? 0;
    // Else it would replace its watcher.
    supervisor.process.kill('SIGSTOP');
    for (const pid of [...watchersOf(root), supervisor.pid, gateway]) process.kill(pid, 'SIGKILL');
    await supervisor.exit;
    expect(alive(child)).toBe(true);
    startSupervisor(root, ['forever']);
    await started(root, 2);
    expect(alive(child)).toBe(false);
  });

  test('touches no process that got the pid of a gateway by chance', async () => {
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
