import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RecordKind, whyNot } from '../../src/core/record.js';
import { atEndOfAll } from '../support/at-end.js';
import { slowness } from '../support/slowness.js';
import { openArena } from './arena.js';
import { escapesOf, type Forgery, recordFor, scenarios } from './hostile-root.js';

/** Roots to try; the gate has a minute for these. */
const RUNS = Number(process.env.OPENCLAW_RELEASES_ATTACKS_RUNS) || 150;
const SEED = Number(process.env.OPENCLAW_RELEASES_ATTACKS_SEED) || Date.now() & 0x7fff_ffff;
/** One for each processor of a small machine. */
const LANES = 2;

const atEnd = atEndOfAll();

test('no command of root on the root of a user changes, reads, runs or gives away anything outside of it', {
  timeout: RUNS * 10_000 * slowness,
}, async () => {
  const began = performance.now();
  let most = 0;
  const outcomes = await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      const arena = await openArena(atEnd);
      const property = fc.asyncProperty(scenarios, async (scenario) => {
        const { escapes, output, ms } = await escapesOf(arena, scenario);
        most = Math.max(most, ms);
        expect(escapes, output).toEqual([]);
      });
      return fc.check(property, { seed: SEED + lane, numRuns: Math.ceil(RUNS / LANES), endOnFailure: true });
    }),
  );
  const ran = outcomes.reduce((sum, { numRuns }) => sum + numRuns, 0);
  const failed = outcomes.filter((outcome) => outcome.failed);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(
    `${ran} roots in ${seconds} s, the slowest command ${Math.round(most)} ms, ${failed.length} escapes; OPENCLAW_RELEASES_ATTACKS_SEED=${SEED}`,
  );
  expect(failed.map((outcome) => fc.defaultReportMessage(outcome))).toEqual([]);
});

test.each<[string, RecordKind]>([
  ['timer.json', 'timer'],
  ['adopted.json', 'adopted'],
  ['supervisor.json', 'supervisor'],
  ['policy.json', 'policy'],
  ['restore.json', 'restore'],
  ['trial-restore.json', 'restore'],
  ['releases/2026.6.1/release.json', 'release'],
  ['states/2026.6.1-snapshot-x/state.json', 'kept-state'],
  ['changes/20260101T000000000Z-unadopt-dead.json', 'change'],
])('the forged %s has the shape of a true one', (path, kind) => {
  const forgery: Forgery = {
    ...{ steps: ['switch'], at: 0, state: 'doing', kind: 'adopt', scope: 'system', unit: 'x.service' },
    ...{ place: 'CANARY', release: '2026.6.2' },
  };
  expect(whyNot(kind, JSON.parse(recordFor(path, forgery).replaceAll('CANARY', '/canary')))).toBeNull();
});
