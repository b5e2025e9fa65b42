import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import {
  commandLineOf,
  descendsFrom,
  identify,
  type ProcessIdentity,
  processIds,
} from '../../src/host/process.js';
import { unfinishedChanges } from '../../src/ledger/ledger.js';
import { rootAt } from '../../src/store/root.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { until } from './place.js';
import { CLI, makeWorld, type World } from './world.js';

/** Starts an update to 2026.6.5 and stops it with a signal as soon as its ledger names the step. */
export async function stopDuring(world: World, step: string, signal: NodeJS.Signals, ...options: string[]) {
  const update = execa(process.execPath, [CLI, 'update', '2026.6.5', '--json', ...options], {
    env: world.env,
    extendEnv: false,
    reject: false,
  });
  const root = rootAt(world.root);
  await until(`the update is at ${step}`, () => unfinishedChanges(root).at(-1)?.steps.at(-1)?.name === step);
  update.kill(signal);
  const { exitCode, stdout } = await update;
  return { exitCode, document: stdout ? JSON.parse(stdout) : null };
}

/** Kills an update while its worker, which is stopped first, fetches. */
export async function killDuringStage(world: World): Promise<{ child: ProcessIdentity }> {
  const update = execa(process.execPath, [CLI, 'update', '2026.6.5'], {
    env: world.env,
    extendEnv: false,
    reject: false,
  });
  const worker = () =>
    processIds().find(
      (pid) =>
        pid !== update.pid &&
        descendsFrom(pid, update.pid ?? -1) &&
        commandLineOf(pid).includes('install-worker'),
    ) ?? -1;
  await until('its worker runs', () => worker() > 0);
  const child = identify(worker());
  if (child === null) throw new Error('The worker ended at once.');
  process.kill(child.pid, 'SIGSTOP');
  update.kill('SIGKILL');
  await update;
  return { child };
}

export async function updatableWorld(behaviour: Behaviour = {}): Promise<World> {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.5', behaviour);
  await world.start('2026.6.1');
  return world;
}

export async function expectSettledOn(world: World, version: string): Promise<void> {
  expect(await world.ok('status')).toMatchObject({
    current: version,
    trial: null,
    running: null,
    interrupted: [],
    gateway: { release: version, health: { ready: true } },
  });
  expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
  expect(readdirSync(world.root)).not.toContain('lock');
}

/** Serves the archive of the update slowly enough to be interrupted. */
export const slowly = (world: World) =>
  world.registry.fault({ kind: 'slow', match: /openclaw-2026\.6\.5\.tgz/, delayMs: 20_000 });
