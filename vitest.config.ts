import { existsSync } from 'node:fs';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Minutes of real restarts, of waiting, and of shell, that do not depend on the version of Node this program runs on. */
const SLOW = [
  'test/real/**',
  'test/lab/**',
  'test/killed/**',
  'test/torture/**',
  'test/month/**',
  'test/plugin/**',
  'test/registry/**',
  'test/integration/systemd-lane.test.ts',
  'test/integration/adopt-rescue.test.ts',
  'test/integration/adopt-systemd.test.ts',
  'test/integration/auto-hourly.test.ts',
  'test/integration/auto.test.ts',
  'test/integration/bad-versions.test.ts',
  'test/integration/candidate.test.ts',
  'test/integration/going-back.test.ts',
  'test/integration/idle.test.ts',
  'test/integration/incidents.test.ts',
  'test/integration/interruption.test.ts',
  'test/integration/launcher-restore.test.ts',
  'test/integration/launcher.test.ts',
  'test/integration/lockfiles.test.ts',
  'test/integration/outside.test.ts',
  'test/integration/plugins.test.ts',
  'test/integration/race.test.ts',
  'test/integration/readable.test.ts',
  'test/integration/refusals.test.ts',
  'test/integration/room.test.ts',
  'test/integration/rpc-incidents.test.ts',
  'test/integration/rpc.test.ts',
  'test/integration/sharing.test.ts',
  'test/integration/state-rollback.test.ts',
  'test/integration/state-snapshot.test.ts',
  'test/integration/stranded.test.ts',
  'test/integration/unreadable.test.ts',
  'test/integration/working-directory.test.ts',
  'test/unit/change-idle.test.ts',
  'test/unit/ended.test.ts',
  'test/unit/timer-hourly.test.ts',
];

/**
 * Minutes each: begun last, one of them would keep one core waiting for the other. Each begins with `test/`. Those of real OpenClaw are
 * apart, so that none runs beside another: on a slow machine it is late for limits of its own then, and refuses to start.
 */
const LONGEST = [
  'lab/openclaw-plugin',
  'torture/',
  'lab/adversity',
  'lab/openclaw.',
  'killed/',
  'real/demo',
  'month/',
  'lab/',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.includes(`/test/${name}`));
      return found < 0 ? LONGEST.length : found;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** The supervisor's tests use the systemd that is here; without one they run on a machine of the lab. */
const uid = process.getuid?.() ?? 0;
const inLab = process.env.OPENCLAW_RELEASES_LAB === '1';
const hasSystemd = inLab || (uid !== 0 && existsSync(`/run/user/${uid}/systemd/private`));
const ELSEWHERE = [`test/integration/systemd-${hasSystemd ? 'lane' : 'supervisor'}.test.ts`];
if (hasSystemd && !inLab) console.info("The supervisor's tests use the user's systemd that is here.");

const fast = process.env.OPENCLAW_RELEASES_TEST_SET === 'fast';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...ELSEWHERE, ...(fast ? SLOW : [])],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests start real processes on real ports and this is meant to run on two cores.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});
