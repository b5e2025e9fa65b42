import { mkdirSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tell } from '../../../src/change/tell.js';
import { readTimerState } from '../../../src/store/timer-state.js';
import { refusalTold, refusesTooLong } from '../../../src/timer/refused.js';
import { temporaryRoot } from '../../support/place.js';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-20T12:00:00Z');
const busy = { verdict: 'wait', version: '2026.9.6', rule: 'gateway' } as const;

function rootHere() {
  const root = temporaryRoot();
  mkdirSync(root.path, { recursive: true });
  return root;
}

test('a newer release that is refused for three days is due until it was told', () => {
  const root = rootHere();
  const at = (days: number) => refusesTooLong(root, busy, NOW + days * DAY);
  expect([0, 1, 2.9, 3, 3.1].map(at)).toEqual([false, false, false, true, true]);
  refusalTold(root);
  expect([3.2, 9].map(at)).toEqual([false, false]);
});

test('a run that could not ask the registry does not begin the three days anew', () => {
  const root = rootHere();
  refusesTooLong(root, busy, NOW);
  expect(refusesTooLong(root, { ...busy, version: null, rule: 'registry' }, NOW + DAY)).toBe(false);
  expect(refusesTooLong(root, busy, NOW + 3 * DAY)).toBe(true);
});

test('a release without a time of publication is refused, and not only waited for', () => {
  const root = rootHere();
  const decision = { ...busy, verdict: 'no', rule: 'minimumAge' } as const;
  refusesTooLong(root, decision, NOW);
  expect(refusesTooLong(root, decision, NOW + 4 * DAY)).toBe(true);
});

test('nothing arrives where nobody is to be told', async () => {
  expect(await tell(rootHere(), ['--waiting'])).toBe(false);
});

test.each([
  ['2026.9.5', false],
  ['2026.9.6', false],
  ['2026.9.7', true],
])('beside 2026.9.6, a refusal of %s counts: %s', (version, counts) => {
  const root = rootHere();
  symlinkSync('releases/2026.9.6', root.current);
  const decision = { ...busy, version };
  refusesTooLong(root, decision, NOW);
  expect(refusesTooLong(root, decision, NOW + 4 * DAY)).toBe(counts);
});

test('another version, and an update, begin anew', () => {
  const root = rootHere();
  refusesTooLong(root, busy, NOW);
  expect(refusesTooLong(root, { ...busy, version: '2026.9.7' }, NOW + 4 * DAY)).toBe(false);
  expect(refusesTooLong(root, { ...busy, verdict: 'update', version: '2026.9.7' }, NOW + 5 * DAY)).toBe(
    false,
  );
  expect(readTimerState(root).refused).toBeNull();
});

test.each([
  'disabled',
  'held',
  'pinned',
  'skipped',
  'manualRollback',
  'minimumAge',
  'delay',
  'minimumInterval',
  'soak',
  'window',
] as const)('what the operator wants is no refusal: %s', (rule) => {
  const root = rootHere();
  refusesTooLong(root, { ...busy, rule }, NOW);
  expect(refusesTooLong(root, { ...busy, rule }, NOW + 9 * DAY)).toBe(false);
});
