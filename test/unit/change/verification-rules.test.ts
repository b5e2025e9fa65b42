import { expect, test } from 'vitest';
import { checkProcess, isOfHost, signatureOf } from '../../../src/change/verification-rules.js';
import type { Health } from '../../../src/openclaw/health.js';
import { rootAt } from '../../../src/store/root.js';

const SILENT: Health = {
  answered: false,
  live: false,
  ready: false,
  failing: [],
  phase: null,
  version: null,
};
const STALL_MS = 30_000;
const EXPECTED = { release: '2026.6.1', instance: 'new' };
const signed = (ranMs: number, wantedMs: number) => signatureOf(SILENT, { ranMs, wantedMs }, STALL_MS);

test.each([
  ['its own processor time alone, of a fifth of the time', 6_000, 0, true],
  ['waits for the host alone, of a fifth of the time', 0, 6_000, true],
  ['less than a fifth of both', 5_900, 5_900, false],
])('a silent start of %s counts as progress, or not', (_, ranMs, wantedMs, counts) => {
  expect(signed(ranMs, wantedMs) !== signed(0, 0)).toBe(counts);
});

test.each([
  ['no work yet', 0, 0, false],
  ['all the time that it wanted', 3_000, 3_000, false],
  ['several processors at once', 9_000, 3_000, false],
  ['half of the time that it wanted', 2_000, 4_000, false],
  ['less than half of a short time', 100, 1_900, false],
  ['less than half of a long time', 990, 2_000, true],
])('a process that ended after %s was held up by its host, or not', (_, ranMs, wantedMs, held) => {
  const ended = {
    pid: null,
    instance: null,
    state: 'waiting',
    lastExit: { code: 78, signal: null },
  } as const;
  const inspection = { ...ended, restarts: 0, launch: { args: [], env: {} } };
  const check = () => checkProcess(rootAt('/nowhere'), inspection, EXPECTED, { ranMs, wantedMs });
  const error = thrownBy(check);
  expect(error.message).toMatch(/^The gateway of 2026\.6\.1 exited \(exit code 78\)/);
  expect(error.message.includes('the host let it run for')).toBe(held);
  expect(isOfHost(error)).toBe(held);
});

function thrownBy(check: () => void): Error {
  try {
    check();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Nothing was thrown.');
}
