import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nextPlace } from '../../src/ledger/history.js';
import { newChange, saveChange } from '../../src/ledger/ledger.js';
import { planChange } from '../../src/ledger/plan.js';
import { rootAt } from '../../src/store/root.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { memoryOf, say, writeOldState } from '../support/state.js';
import { makeWorld, QUICK, typed, type World } from '../support/world.js';

const [OLD, NEW] = ['2026.6.1', '2026.9.6'];

/** A gateway of NEW that has migrated its state, with OLD to return to. */
async function migratedWorld(): Promise<World> {
  const world = await makeWorld(undefined, { node: await sqliteNode() });
  world.publish(OLD);
  world.publish(NEW, { migratesTo: { state: 15, agent: 19 } });
  await writeOldState(world);
  await world.start(OLD, '--stop-timeout', '2');
  await world.ok('update', NEW, ...QUICK);
  await say(world, 'to the newer one');
  return world;
}

/** A drill that has passed: a real one needs user namespaces, and is in the lane `host`. */
function prove(world: World): void {
  const facts = {
    from: NEW,
    previous: OLD,
    to: OLD,
    drill: { readyMs: 5, stateAt: '2026-11-21T20:00:00.000Z', kept: null },
  };
  const change = newChange(planChange('drill', OLD), facts, nextPlace(rootAt(world.root)));
  saveChange(
    rootAt(world.root),
    Object.assign(change, { status: 'drill_passed', endedAt: change.startedAt }),
  );
}

const forReal = (world: World, ...options: string[]) =>
  world.cli('drill', '--for-real', ...QUICK, ...options);

/** A window that is closed for hours. */
function closedWindow(now = new Date()): string {
  const at = (hours: number) => `${String((now.getUTCHours() + hours) % 24).padStart(2, '0')}:00`;
  return `${at(6)}-${at(8)}`;
}

test('a drill for real rolls back with its state and returns with the newer one, and says both outages', async () => {
  const world = await migratedWorld();
  expect(await forReal(world, '--yes')).toMatchObject({
    exitCode: 3,
    json: { error: { code: 'drill_refused', hint: typed(world, 'drill') } },
  });
  prove(world);
  const asked = await forReal(world);
  expect(asked).toMatchObject({ exitCode: 3, json: { error: { code: 'confirmation_needed' } } });
  expect(asked.json.error.message).toMatch(/is put back.*Then 2026\.9\.6 gets it back/);
  await world.ok('timer', 'enable', '--window', closedWindow(), '--time-zone', 'UTC');
  const closed = await forReal(world, '--yes');
  expect(closed.json.error).toMatchObject({
    code: 'drill_refused',
    message: expect.stringContaining('windows'),
  });

  const { gateway, last } = await world.ok('status');
  expect(last.kind).toBe('update');
  const before = await memoryOf(world);
  const { exitCode, json } = await forReal(world, '--yes', '--any-time');
  expect({ exitCode, error: json.error }, JSON.stringify(json)).toEqual({ exitCode: 0, error: undefined });
  expect(json).toMatchObject({
    ...{ stands: NEW, thereMs: expect.any(Number), backMs: expect.any(Number) },
    there: { kind: 'rollback', to: OLD, stateRestored: { restored: true, release: OLD } },
    back: { kind: 'switch', to: NEW, stateRestored: { restored: true, release: NEW } },
  });
  expect(await memoryOf(world)).toEqual(before);
  const after = await world.ok('status');
  expect(after).toMatchObject({ current: NEW, previous: OLD, trial: null, restore: null });
  expect(after.gateway.pid).not.toBe(gateway.pid);
  expect(after.rollback.forReal).toMatchObject({ thereMs: json.thereMs, backMs: json.backMs });
  expect(await world.version()).toBe(NEW);
});

test('a previous release that fails for real is left again, and the release of before runs on its state', async () => {
  const world = await migratedWorld();
  prove(world);
  const before = await memoryOf(world);
  const main = join(world.root, `releases/${OLD}/node_modules/openclaw/openclaw.mjs`);
  chmodSync(main, 0o600);
  writeFileSync(main, 'process.exit(1);\n');
  const { exitCode, json } = await forReal(world, '--yes');
  expect({ exitCode, json }, JSON.stringify(json)).toMatchObject({
    exitCode: 5,
    json: { stands: NEW, back: null, there: { status: 'rolled_back' }, error: { code: 'gateway_crashed' } },
  });
  expect(await memoryOf(world)).toEqual(before);
  expect(await world.version()).toBe(NEW);
  expect((await world.ok('status')).rollback.forReal).toBeNull();
});
