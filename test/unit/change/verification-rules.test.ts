import { expect, test } from 'vitest';
import { signatureOf } from '../../../src/change/verification-rules.js';
import { TICKS_PER_SECOND } from '../../../src/host/process.js';
import type { Health } from '../../../src/openclaw/health.js';

const SILENT: Health = {
  answered: false,
  live: false,
  ready: false,
  failing: [],
  phase: null,
  version: null,
};
const STALL_MS = 30_000;
const signed = (ranMs: number, wantedMs: number) =>
  signatureOf(SILENT, (ranMs / 1000) * TICKS_PER_SECOND, wantedMs, STALL_MS);

test.each([
  ['its own processor time alone, of a fifth of the time', 6_000, 0, true],
  ['waits for the host alone, of a fifth of the time', 0, 6_000, true],
  ['less than a fifth of both', 5_900, 5_900, false],
])('a silent start of %s counts as progress, or not', (_, ranMs, wantedMs, counts) => {
  expect(signed(ranMs, wantedMs) !== signed(0, 0)).toBe(counts);
});
