import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { drawOf } from './test/lanes/draw.js';
import { FULL_LANES, filesOf, INNER_LANE, type Lane, QUICK_LANES } from './test/lanes/lanes.js';
import { otherLanes } from './test/lanes/reporter.js';
import { slowness } from './test/support/slowness.js';

const isQuick = QUICK_LANES.every(({ name }) => process.argv.includes(name));
const isQuickLane = (name: string) => QUICK_LANES.some((lane) => lane.name === name);
/** The gate counts all runs from these. */
const reports = process.env.OPENCLAW_RELEASES_TEST_REPORTS;

/** Most full lanes wait more than they compute. */
function group({ name, alone = false, serial = false }: Lane) {
  if (isQuickLane(name)) return { order: 0, workers: 2 };
  if (serial) return { order: 3, workers: 1 };
  return alone ? { order: 2, workers: 2 } : { order: 1, workers: 3 };
}

function project(lane: Lane) {
  const { name, sharesModules = false } = lane;
  const { order, workers } = group(lane);
  // Conditions end a test, not seconds: this ends what hangs.
  const limitMs = (isQuickLane(name) ? 300_000 : 600_000) * slowness;
  return {
    extends: true as const,
    test: {
      name,
      include: drawOf(lane)?.files ?? filesOf(lane),
      isolate: !sharesModules,
      unstubEnvs: true,
      restoreMocks: true,
      globalSetup: ['test/lanes/setup.ts'],
      testTimeout: limitMs,
      hookTimeout: limitMs,
      maxWorkers: workers,
      sequence: { groupOrder: order },
    },
  };
}

function jsonReporter(directory: string): [string, { outputFile: string }] {
  return ['json', { outputFile: join(directory, `${process.pid}.json`) }];
}

// Texts for people have local times.
process.env.TZ = 'UTC';
// Programs of tests would colour a number that they print for a test to read.
delete process.env.FORCE_COLOR;

export default defineConfig({
  test: {
    projects: [...QUICK_LANES, ...FULL_LANES, INNER_LANE].map(project),
    reporters: ['default', ...(reports ? [jsonReporter(reports)] : []), ...(isQuick ? [otherLanes] : [])],
  },
});
