import { expect, test } from 'vitest';
import { readPolicy } from '../../../src/store/policy.js';
import { quarantine, quarantineOf } from '../../../src/store/quarantine.js';
import { temporaryRoot } from '../../support/place.js';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-26T03:00:00Z');
const ID = '2026.9.6';

test.each([
  ['a moment ago', 0, true],
  ['six days ago', 6, true],
  ['seven days ago', 7, false],
  // The clock was set back a little, or it had been years ahead.
  ['in an hour', -1 / 24, true],
  ['in five years', -1800, false],
])('a release that failed %s is in quarantine', (_, daysAgo, is) => {
  const root = temporaryRoot();
  const at = new Date(NOW - daysAgo * DAY).toISOString();
  const cause = { code: 'gateway_crashed', message: 'It crashed.' } as const;
  quarantine(root, ID, { cause, at, change: 'a-change' });
  expect(quarantineOf(readPolicy(root), ID, NOW) !== null).toBe(is);
});
