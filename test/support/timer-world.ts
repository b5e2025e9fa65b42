import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type AtEnd, until } from './place.js';
import { type Begun, makeWorld, QUICK } from './world.js';

/** Waits are those that a test asks for, and no others. */
export const AT_ONCE = [
  '--delay',
  '0',
  '--jitter',
  '0',
  '--minimum-age',
  '0',
  '--soak',
  '0',
  '--minimum-interval',
  '0',
  '--idle',
  '0',
];

/** A world whose gateway has the timer's command beside the built-in supervisor, for all tests of a file. */
export async function makeTimerWorld(atEnd: AtEnd) {
  const world = await makeWorld(atEnd);
  world.publish('2026.6.1', { tellsActivity: true });
  await world.start('2026.6.1');

  const enable = (...settings: string[]) =>
    world.ok('timer', 'enable', ...AT_ONCE, '--countdown', '0', ...settings);
  const auto = (...options: string[]) => world.cli('timer', 'run', ...QUICK, ...options);
  const listing = () =>
    readdirSync(world.root, { recursive: true, encoding: 'utf8' })
      .filter((name) => !/^(releases|run\.|runtimes)/.test(name))
      .sort();

  /** Begins an automatic update, and waits until its restart is announced. */
  async function announced(): Promise<Begun> {
    const begun = world.begin(['timer', 'run', ...QUICK]);
    const waits = async () => (await world.ok('status')).running?.idle?.restartAt;
    await until('its countdown runs', async () => Boolean(await waits()), 30_000);
    return begun;
  }

  /** Changes OpenClaw's own settings until the test has finished. */
  function openclawIs(update: object): void {
    const path = join(world.path, 'state/openclaw.json');
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(before), update }));
    onTestFinished(() => writeFileSync(path, before));
  }

  return { world, enable, auto, listing, announced, openclawIs };
}
