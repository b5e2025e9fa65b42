import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Behaviour } from '../registry/gateway-package.js';
import type { AtEnd } from './place.js';
import { sqliteNode } from './sqlite-node.js';
import { DEVICE, exchangeFiles, keptContent, memoryOf, say, wholeState, writeOldState } from './state.js';
import { makeWorld, QUICK, type World } from './world.js';

export const OLD = '2026.6.1';
export const MIGRATES = { migratesTo: { state: 15, agent: 19 } };

/** A world whose gateway runs `OLD` with a state. */
export async function worldWithState(atEnd: AtEnd): Promise<World> {
  const world = await makeWorld(atEnd, { node: await sqliteNode() });
  world.publish(OLD);
  await writeOldState(world);
  await world.start(OLD, '--stop-timeout', '2');
  return world;
}

/** Updates to a bad version that migrates the state, and expects the release and the state of before. */
export async function expectReturn(world: World, version: string, behaviour: Behaviour, code: string) {
  world.publish(version, { ...MIGRATES, ...behaviour });
  await say(world, `before ${version}`);
  const before = { state: await wholeState(world), memory: await memoryOf(world) };
  const { exitCode, json } = await world.cli('update', version, ...QUICK);
  expect(json).toMatchObject({
    status: 'rolled_back',
    error: { code, hint: expect.any(String) },
    undoError: null,
    stateRestored: { restored: true, aside: expect.stringContaining(version) },
  });
  expect(exitCode).toBe(5);
  expect(await world.version()).toBe(OLD);
  expect(await memoryOf(world)).toEqual(before.memory);
  expect(await wholeState(world)).toEqual(before.state);
  expect(exchangeFiles(world)).toEqual([]);
  expect(await keptContent(world, json.stateRestored.aside)).toMatchObject({
    'state/openclaw.sqlite': { version: 15, device: [{ id: DEVICE }], migrated: [{ by: version }] },
  });
  expect(await world.ok('status')).toMatchObject({
    current: OLD,
    previous: null,
    trial: null,
    gateway: { release: OLD, state: 'running', health: { ready: true } },
    interrupted: [],
  });
  expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
}
