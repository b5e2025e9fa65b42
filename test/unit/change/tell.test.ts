import { expect, test } from 'vitest';
import { untold } from '../../../src/change/tell.js';
import { newChange, saveChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { setNotify } from '../../../src/store/policy.js';
import { prepareRoot } from '../../../src/store/root.js';
import { temporaryRoot } from '../../support/place.js';

const NOW = Date.parse('2026-11-26T03:00:00Z');
const HOUR = 3_600_000;

test.each([
  ['from before it', -2, -3, false],
  ['from after it', -2, -1, true],
  // By a clock that was years ahead.
  ['of today, where it was set in years from now', 50_000, -1, true],
  ['of last week, where it was set in years from now', 50_000, -170, false],
])('beside a notification, a verdict %s (%s, %s) is told: %s', (_, setAt, endedAt, is) => {
  const root = temporaryRoot();
  prepareRoot(root);
  setNotify(root, '/bin/true', new Date(NOW + setAt * HOUR));
  const at = new Date(NOW + endedAt * HOUR).toISOString();
  const change = newChange(planChange('stage', '2026.6.1'), { from: null, previous: null, to: '2026.6.1' });
  saveChange(root, { ...change, startedAt: at, endedAt: at, status: 'staged' });
  expect(untold(root, NOW)).toHaveLength(is ? 1 : 0);
});
