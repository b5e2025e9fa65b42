import { expect } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { rootAt } from '../../src/store/root.js';
import { until } from '../support/place.js';
import { slowness } from '../support/slowness.js';
import { QUICK } from '../support/world.js';
import { bootHost, type Host, type Process } from './host.js';
import { filesOf } from './recipe.js';
import type { Supervised } from './supervised.js';

/** Options of a test. */
export const LONG = { timeout: 180_000 * slowness };

export const GATEWAY = /^openclaw-gateway/;
export const RUN = /^\S*node \S*main\.cjs run(?: --replace)?$/;

/** Gateways, `run`, watchers and workers: all but the supervisor. */
const OURS = /^openclaw-gateway|main\.cjs|openclaw-releases-watcher/;

export const those = (host: Host, which: RegExp) => host.processes().filter(({ args }) => which.test(args));

function only(host: Host, which: RegExp): Process {
  const found = those(host, which);
  const all = () => host.processes().map(({ pid, ppid, args }) => `${pid} ${ppid} ${args}`);
  expect(found, `of ${which} among:\n${all().join('\n')}`).toHaveLength(1);
  return found[0] as Process;
}

async function serves(host: Host, version: string): Promise<void> {
  const ready = async () => (await host.version()) === version && (await host.get('/readyz'))?.status === 200;
  await until(`${version} is ready`, ready, 40_000);
}

/** The supervisor, `run` and the gateway, each once and each the child of the one before. */
export async function chain(host: Host, parent: RegExp, version: string) {
  await serves(host, version);
  const [gateway, run] = [only(host, GATEWAY), only(host, RUN)];
  expect(gateway.ppid).toBe(run.pid);
  const above = host.processes().find(({ pid }) => pid === run.ppid);
  expect(above?.args).toMatch(parent);
  return { gateway: gateway.pid, run: run.pid, above: run.ppid };
}

/** Types a command in a shell that the gateway owns, as an agent would; resolves with the change. */
export async function inside(host: Host, ...words: string[]) {
  const changes = () => listChanges(rootAt(host.root));
  const before = changes().length;
  const command = ['openclaw-releases', ...words, '>/tmp/inside.log', '2>&1'].join(' ');
  await host.get(`/shell?command=${encodeURIComponent(command)}`);
  await until(`${words.join(' ')} has its verdict`, () => changes()[before]?.endedAt != null, 40_000);
  return changes()[before];
}

/** One life of a host: start, updates, bad updates, rollbacks, crashes, kills, a new boot, and an end. */
export async function story(supervised: Supervised): Promise<void> {
  const { chapter, files, boot, start, stop, signal, shutdown, revive, parent, state, gaveUp } = supervised;
  const host = await bootHost({ files: { ...filesOf(chapter), ...files?.() } });
  host.publish('2026.6.1');
  host.publish('2026.6.5');
  host.publish('2026.6.8', { exitCode78: true });
  host.publish('2026.6.9', { crashAtStart: true });
  await host.ok('stage', '2026.6.1');
  await host.ok('switch', '2026.6.1', '--no-restart');
  await host.run(boot);
  await host.run(start, { reject: false });
  const first = await chain(host, parent, '2026.6.1');

  // Changes from a shell and from inside: good and bad ones. `run` is the same process all the time.
  expect(await host.ok('update', '2026.6.5', ...QUICK)).toMatchObject({
    status: 'package_updated_restart_verified',
  });
  expect(await inside(host, 'update', '2026.6.9', ...QUICK)).toMatchObject({ status: 'rolled_back' });
  expect(await inside(host, 'rollback', ...QUICK)).toMatchObject({
    status: 'package_updated_restart_verified',
  });
  const updated = await chain(host, parent, '2026.6.1');
  expect(updated.run).toBe(first.run);

  // An update that dies after its switch. The supervisor's own signal reaches the gateway, and a crash loop begins: it
  // ends on the release from before.
  const fault = ['env', 'OPENCLAW_RELEASES_FAULT=kill after switch'];
  await host.run([...fault, 'openclaw-releases', 'update', '2026.6.9', ...QUICK], { reject: false });
  expect(await host.ok('status')).toMatchObject({ current: '2026.6.9', interrupted: [expect.anything()] });
  await host.run(signal);
  await until('another gateway is ready', async () => {
    const other = those(host, GATEWAY).some(({ pid }) => pid !== updated.gateway);
    return other && (await host.version()) === '2026.6.1';
  });
  const signalled = await chain(host, parent, '2026.6.1');
  expect(signalled.run).toBe(first.run);
  expect(await host.ok('status')).toMatchObject({ current: '2026.6.1' });

  // The supervisor starts a killed `run` again, and there is no second gateway.
  await host.run(['kill', '-KILL', String(signalled.run)]);
  await until('the old gateway is gone', () =>
    those(host, GATEWAY).every(({ pid }) => pid !== signalled.gateway),
  );
  const killed = await chain(host, parent, '2026.6.1');
  expect(killed.run).not.toBe(first.run);

  // The gateway outlives the supervisor above it, whose next start replaces what was left by one chain of its own.
  await host.run(['kill', '-KILL', String(killed.above)]);
  await host.run(revive, { reject: false });
  await until('another run has the gateway', () => {
    const gateways = those(host, GATEWAY);
    expect(gateways.length).toBeLessThanOrEqual(1);
    return gateways.some(({ pid }) => pid !== killed.gateway);
  });
  const revived = await chain(host, parent, '2026.6.1');
  expect(revived.above).not.toBe(killed.above);

  // The supervisor ends with all that it started, and a new one continues.
  await host.run(shutdown);
  await until('nothing is left', () => those(host, OURS).length === 0);
  await host.run(boot);
  await chain(host, parent, '2026.6.1');

  await host.run(stop);
  expect(those(host, OURS)).toEqual([]);
  expect(await host.version()).toBe(null);

  // What no start helps is not started for ever.
  await host.ok('stage', '2026.6.8');
  await host.ok('switch', '2026.6.8', '--no-restart');
  await host.run(start, { reject: false });
  await until('it is given up', async () => gaveUp.test(await host.run(state, { reject: false })), 30_000);
  await until('nothing is left', () => those(host, OURS).length === 0);
}
