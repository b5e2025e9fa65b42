import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Behaviour } from '../registry/gateway-package.js';
import { makeWorld } from '../support/world.js';
import type { Deserved, Subject } from './verdicts.js';

/** Behaviour of a release, given a file of its world. */
const RELEASES: Record<string, Deserved & { behaviour: (file: string) => Behaviour }> = {
  good: { weight: 5, fault: null, behaviour: () => ({}) },
  'good, slow': { weight: 3, fault: null, behaviour: () => ({ slowStartMs: 1_500 }) },
  'good, late once': { weight: 2, fault: null, behaviour: (isLateOnce) => ({ isLateOnce }) },
  'crashes at start': { weight: 1, fault: 'gateway_crashed', behaviour: () => ({ crashAtStart: true }) },
  'crashes soon': { weight: 1, fault: 'gateway_crashed', behaviour: () => ({ crashAfterMs: 100 }) },
  'never ready': { weight: 1, fault: 'gateway_not_ready', behaviour: () => ({ neverReady: true }) },
  'another version': { weight: 1, fault: 'wrong_version', behaviour: () => ({ answersVersion: '2026.1.1' }) },
};

/** A thirtieth of the usual limits, also on a slow machine: a slow one is what this is about. */
const LIMITS = ['--ready-timeout', '2', '--settle', '2'];

/** Miniature releases, each published for its update. */
export const MINIATURE: Subject = {
  releases: RELEASES,
  // The slowest take twenty seconds for what takes a third of one.
  shares: { busy: [0.15, 0.5], others: [0.02, 0.15] },
  // Reads a release in a third of a second.
  disk: 1 << 20,
  async start(atEnd, onSupervisor) {
    const world = await makeWorld(atEnd);
    world.publish('2026.6.1');
    onSupervisor((await world.start('2026.6.1', '--stop-timeout', '2')).pid);
    const late = join(world.path, 'late');
    let published = 1;
    return {
      root: world.root,
      async prepare(release) {
        const version = `2026.6.${++published}`;
        writeFileSync(late, '');
        world.publish(version, RELEASES[release]?.behaviour(late));
        await world.ok('stage', version);
        return {
          directory: join(world.root, 'releases', version),
          change: async () => (await world.cli('switch', version, ...LIMITS)).json,
        };
      },
    };
  },
};
