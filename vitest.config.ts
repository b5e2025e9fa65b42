import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { FULL_LANES, INNER_LANE, type Lane, QUICK_LANES } from './test/lanes/lanes.js';
import { otherLanes } from './test/lanes/reporter.js';
import { slowness } from './test/support/slowness.js';

const isQuick = QUICK_LANES.every(({ name }) => process.argv.includes(name));
/** The gate counts all runs from these. */
const reports = process.env.OPENCLAW_RELEASES_TEST_REPORTS;

function project({ name, alone = false }: Lane) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      globalSetup: ['test/lanes/setup.ts'],
      maxWorkers: alone ? 1 : 2,
      sequence: { groupOrder: alone ? 1 : 0 },
    },
  };
}

function jsonReporter(directory: string): [string, { outputFile: string }] {
  return ['json', { outputFile: join(directory, `${process.pid}.json`) }];
}

export default defineConfig({
  test: {
    projects: [...QUICK_LANES, ...FULL_LANES, INNER_LANE].map(project),
    reporters: ['default', ...(reports ? [jsonReporter(reports)] : []), ...(isQuick ? [otherLanes] : [])],
    testTimeout: 60_000 * slowness,
    hookTimeout: 60_000 * slowness,
  },
});
