import { expect, test } from 'vitest';
import { type Change, newChange } from '../../../src/ledger/ledger.js';
import { type ChangeKind, planChange } from '../../../src/ledger/plan.js';
import { stoppedUntil } from '../../../src/timer/evaluate.js';
import { DEFAULTS } from '../../../src/timer/rules/settings.js';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-26T03:00:00Z');
const CLOCK = { now: NOW, lastRun: null, behindSince: null, jumpedAt: null };
const VERSION = '2026.9.6';

function made(hoursAgo: number, isStopped: boolean, to = VERSION, kind: ChangeKind = 'update'): Change {
  const at = new Date(NOW - hoursAgo * HOUR).toISOString();
  const change = newChange(planChange(kind, to, { initiator: 'timer' }), { from: null, previous: null, to });
  if (isStopped) change.facts.stoppedBy = 'person';
  return { ...change, startedAt: at, endedAt: at };
}

const unresolved = (change: Change): Change => ({ ...change, facts: { ...change.facts, to: null } });

test.each<[string, Change[], string | null]>([
  ['nothing was made', [], null],
  ['nothing was stopped', [made(1, false)], null],
  ['the last was stopped', [made(2, false), made(1, true)], VERSION],
  ['it was stopped before it was resolved', [unresolved(made(1, true))], VERSION],
  [
    'the scrub has staged a damaged release again since',
    [made(2, true), made(1, false, '2026.9.5', 'stage')],
    VERSION,
  ],
  ['a drill came after it', [made(2, true), made(1, false, '2026.9.5', 'drill')], VERSION],
  ['it was taken again since', [made(2, true), made(1, false)], null],
])('where %s', (_, changes, version) => {
  const stopped = stoppedUntil(changes, DEFAULTS, CLOCK);
  expect(stopped?.version ?? null).toBe(version);
  const last = changes.findLast(({ facts }) => facts.stoppedBy !== undefined);
  if (version !== null)
    expect(Date.parse(stopped?.until ?? '')).toBe(Date.parse(last?.endedAt ?? '') + 24 * HOUR);
});
