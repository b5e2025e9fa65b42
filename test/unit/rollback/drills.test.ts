import { expect, test } from 'vitest';
import { moment } from '../../../src/core/moment.js';
import { type Change, newChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { lastDrill } from '../../../src/rollback/drills.js';
import { proofText, rollbackProof } from '../../../src/views/rollback-proof.js';

const [OLD, OTHER] = ['2026.9.5', '2026.9.4'];
const AT = '2026-11-20T03:00:00.000Z';
const DRILL = { readyMs: 9_800, stateAt: '2026-11-19T03:00:00.000Z', kept: '2026.9.5-snapshot-1' };

function aDrill(more: Partial<Change> & { to?: string }): Change {
  const { to = OLD, ...rest } = more;
  const change = newChange(planChange('drill', to), { from: '2026.9.6', previous: OLD, to, drill: DRILL });
  return { ...change, status: 'drill_passed', endedAt: AT, ...rest };
}

const FAILED = {
  status: 'drill_failed',
  error: { code: 'state_incompatible', message: 'The state that is kept of it is damaged.' },
} as const;

test.each<[string, Change[], boolean | null]>([
  ['no drill', [], null],
  ['a drill that passed', [aDrill({})], true],
  ['a drill of another release', [aDrill({ to: OTHER })], null],
  ['a drill that has not ended', [aDrill({ endedAt: null, status: null })], null],
  ['a failed one after it', [aDrill({}), aDrill(FAILED)], false],
  ['a drill that passed after it failed', [aDrill(FAILED), aDrill({})], true],
  [
    'a drill for which there was no memory',
    [aDrill({}), aDrill({ ...FAILED, error: { code: 'drill_refused', message: 'm' } })],
    true,
  ],
  [
    'a drill that a person stopped',
    [aDrill({}), aDrill({ ...FAILED, error: { code: 'interrupted', message: 'm' } })],
    true,
  ],
])('the last drill that tells something, after %s', (_, changes, passed) => {
  const found = lastDrill(changes, OLD);
  expect(found && found.status === 'drill_passed').toBe(passed);
});

test('a proof says what it rests on, and how old it is', () => {
  const now = Date.parse(AT) + 3 * 86_400_000;
  const textAfter = (...changes: Change[]) => {
    const proof = rollbackProof(OLD, changes);
    return proof && proofText(proof, now);
  };
  expect(rollbackProof(null, [])).toBeNull();
  expect(textAfter()).toBe('Rolling back to 2026.9.5 is not proven. Next: openclaw-releases drill');
  expect(textAfter(aDrill({}))).toBe(
    `Rolling back to 2026.9.5 is proven: it was ready on its state of ${moment(DRILL.stateAt)} after 9.8 s. That was 3 days ago.`,
  );
  expect(textAfter(aDrill(FAILED))).toBe(
    'A drill of 2026.9.5 failed 3 days ago: The state that is kept of it is damaged. Next: openclaw-releases drill',
  );
});
