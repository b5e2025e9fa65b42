import { beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { bootMachine, canBoot, type Machine, NODE, REPOSITORY } from './machine.js';

const LANE = 'test/lab/systemd-supervisor.test.ts';
// The checkout cannot be written to in there.
const VITEST = `${NODE} node_modules/vitest/vitest.mjs run --configLoader=runner --no-cache`;

describe.runIf(canBoot())('on a machine with a real systemd', () => {
  const atEnd = atEndOfAll();
  let machine: Machine;
  beforeAll(async () => {
    machine = await bootMachine({ atEnd });
  });

  test.each([
    ['the user', 'claw'],
    ['the machine', 'root'],
  ] as const)(
    'the tests of the supervisor pass with the systemd of %s',
    { timeout: 300_000 },
    async (_, as) => {
      const { exitCode, stdout, stderr } = await machine.run(`cd ${REPOSITORY} && ${VITEST} ${LANE}`, {
        as,
        env: { OPENCLAW_RELEASES_LAB: '1', TMPDIR: '/tmp', NO_COLOR: '1' },
        timeoutMs: 280_000,
        reject: false,
      });
      if (exitCode !== 0) throw new Error(`The lane ended with ${exitCode}:\n${stdout}\n${stderr}`);
      expect(stdout).toMatch(/Tests +\d+ passed/);
      console.info(`The systemd lane ran as ${as} on a machine of its own.`);
    },
  );
});
