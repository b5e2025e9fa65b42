import { configDefaults, defineConfig } from 'vitest/config';

/** Minutes of real restarts that do not depend on the version of Node this program runs on. */
const SLOW = [
  'test/real/**',
  'test/integration/bad-versions.test.ts',
  'test/integration/incidents.test.ts',
  'test/integration/refusals.test.ts',
];

const fast = process.env.OPENCLAW_RELEASES_TEST_SET === 'fast';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(fast ? SLOW : [])],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests start real processes on real ports and this is meant to run on two cores.
    maxWorkers: 2,
  },
});
