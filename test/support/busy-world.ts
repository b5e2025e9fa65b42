import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import type { Change } from '../../src/ledger/ledger.js';
import { listChanges } from '../../src/ledger/ledger.js';
import { currentRelease } from '../../src/store/links.js';
import { readPolicy } from '../../src/store/policy.js';
import { rootAt } from '../../src/store/root.js';
import type { Behaviour } from '../registry/gateway-package.js';
import type { AtEnd } from './place.js';
import { until } from './place.js';
import { type Answer, type Begun, makeWorld, QUICK } from './world.js';

/** A world whose gateway tells how busy it is, for all tests of a file; it is idle again after each of them. */
export async function makeBusyWorld(atEnd: AtEnd, behaviour: Behaviour = {}) {
  const world = await makeWorld(atEnd);
  const root = rootAt(world.root);
  let published = 0;
  world.publish('2026.6.1', { tellsActivity: true, ...behaviour });
  await world.start('2026.6.1');
  afterEach(() => busyWith());

  /** Work that the running gateway reports from now on. */
  function busyWith(...kinds: string[]): void {
    const path = join(world.path, 'state', 'busy');
    if (kinds.length === 0) rmSync(path, { force: true });
    else writeFileSync(path, kinds.join('\n'));
  }

  function publish(tellsActivity = true): string {
    const version = `2026.7.${++published}`;
    world.publish(version, { tellsActivity, ...behaviour });
    return version;
  }

  /** Stages what it goes to first, so that the wait is what takes time. */
  async function beginUpdate(...options: string[]): Promise<{ to: string; update: Begun }> {
    const to = publish();
    await world.ok('stage', to);
    return { to, update: world.begin(['update', to, ...QUICK, ...options]) };
  }

  const last = (): Change | undefined => listChanges(root).at(-1);

  async function untilWaiting(): Promise<void> {
    await until('it waits for the gateway', () => {
      const change = last();
      return change?.endedAt === null && change.facts.idle !== undefined;
    });
  }

  async function untilCountdown(): Promise<void> {
    await until('it counts down', () => typeof last()?.facts.idle?.restartAt === 'string');
  }

  /** Nothing of a change is left but its record, and what ran still runs. */
  async function expectNothingChanged(before: string | null, { exitCode, json }: Answer, exit: number) {
    expect(exitCode).toBe(exit);
    expect(json.status).toBe('package_update_failed');
    expect(currentRelease(root)).toBe(before);
    expect(await world.version()).toBe(before);
    expect(readdirSync(root.staging)).toEqual([]);
    expect(readPolicy(root).quarantine).toEqual({});
  }

  return {
    world,
    root,
    busyWith,
    publish,
    beginUpdate,
    last,
    untilWaiting,
    untilCountdown,
    expectNothingChanged,
  };
}
