import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeChange } from '../../src/change/run.js';
import { rootAt } from '../../src/store/root.js';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
import { openclawPackage } from '../registry/gateway-package.js';
import { startGatewayProcess } from '../registry/gateway-process.js';
import { writeTree } from '../registry/registry.js';
import { emptyTally, steadyLoad } from '../support/load.js';
import { temporaryDirectory, until } from '../support/place.js';
import { makeWorld } from '../support/world.js';

const SWITCHES = 50;

/** The dependency is left out: nothing but the package itself is replaced in place. */
const alone = { dependencies: {} };

test('incident-2: the incumbent updater replaces in place under load, and the old process misses its own code', async () => {
  const tree = temporaryDirectory('in-place');
  await writeTree(openclawPackage('2026.5.28', alone), tree);
  rmSync(`${tree}/.openclaw-lifecycle-pending`);
  const gateway = await startGatewayProcess(tree);
  const stop = new AbortController();
  const tally = emptyTally();
  const load = steadyLoad(gateway.url, stop.signal, tally);
  for (let asked = 0; asked < 5; asked++) await gateway.get(`work/${asked}`);
  rmSync(tree, { recursive: true });
  await writeTree(openclawPackage('2026.6.1', alone), tree);
  await until('the load misses a chunk', () => (tally.broken.ERR_MODULE_NOT_FOUND ?? 0) > 0);
  stop.abort();
  await load;
  gateway.kill('SIGTERM');
  const { stderr } = await gateway.ended;
  expect(stderr).toContain('shutdown: Cannot find module');
});

test(`incident-2, incident-3: ${SWITCHES} switches under load give no answer of mixed code and no missing module`, async () => {
  const world = await makeWorld();
  for (const version of ['2026.5.28', '2026.6.1']) world.publish(version);
  await world.ok('stage', '2026.6.1');
  const supervisor = await world.start('2026.5.28');
  const stop = new AbortController();
  const load = steadyLoad(world.url, stop.signal);
  for (let count = 1; count <= SWITCHES; count++) {
    const to = count % 2 === 1 ? '2026.6.1' : '2026.5.28';
    expect(await world.ok('switch', to, '--settle', '0.2')).toMatchObject({
      status: 'package_updated_restart_verified',
    });
    expect(await world.version()).toBe(to);
  }
  stop.abort();
  const tally = await load;
  expect(tally).toMatchObject({ mixed: 0, broken: {} });
  expect(tally.whole, 'the load was there').toBeGreaterThan(SWITCHES * 5);
  expect(supervisor.stderr()).not.toMatch(/Cannot find module|does not provide an export|failed to load/);
});

test('incident-2: a restart that did not happen is no success: the switch is undone and the old process is untouched', async () => {
  const world = await makeWorld();
  for (const version of ['2026.5.28', '2026.6.1']) world.publish(version);
  await world.ok('stage', '2026.6.1');
  await world.start('2026.5.28');
  const real = builtinSupervisor(world.root);
  const before = await real.inspect();
  const deaf = { ...real, inspect: () => real.inspect(), owns: (pid: number) => real.owns(pid) };
  const change = await makeChange(
    {
      root: rootAt(world.root),
      supervisor: {
        ...deaf,
        kind: 'builtin',
        restart: async () => ({ stopMs: 0, killed: false, instance: before.instance ?? '' }),
      },
    },
    { kind: 'switch', target: '2026.6.1' },
  );
  expect(change).toMatchObject({
    status: 'package_updated_restart_failed',
    error: { code: 'restart_failed' },
    undoError: null,
  });
  expect(await world.ok('status')).toMatchObject({
    current: '2026.5.28',
    trial: null,
    gateway: { pid: before.pid, release: '2026.5.28', health: { ready: true } },
  });
});
