import { execFileSync } from 'node:child_process';

/** Milliseconds that a bare Node takes from start to end on a machine of the usual speed. */
const USUAL_MS = 50;
const VARIABLE = 'OPENCLAW_RELEASES_TEST_SLOWNESS';

/**
 * Factor by which this machine is slower than a usual one now, at least 1. It is measured once by the process that
 * runs the tests, which hands it to those that it starts. Limits are multiplied by it, waits are for conditions.
 */
export const slowness = Number(process.env[VARIABLE]) || measure();
process.env[VARIABLE] = String(slowness);

function measure(): number {
  const spans = Array.from({ length: 5 }, () => {
    const begun = performance.now();
    execFileSync(process.execPath, ['-e', '0'], { stdio: 'ignore' });
    return performance.now() - begun;
  }).sort((a, b) => a - b);
  return Math.max(1, Math.round(((spans[2] ?? 0) / USUAL_MS) * 10) / 10);
}
