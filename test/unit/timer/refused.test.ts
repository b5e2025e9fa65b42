import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readTimerState } from '../../../src/store/timer-state.js';
import { refusesTooLong } from '../../../src/timer/refused.js';
import { temporaryRoot } from '../../support/place.js';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-20T12:00:00Z');
const busy = { verdict: 'wait', version: '2026.9.6', rule: 'gateway' } as const;

function rootHere() {
  const root = temporaryRoot();
  mkdirSync(root.path, { recursive: true });
  return root;
}

test('a newer release that is refused for three days is told once', () => {
  const root = rootHere();
  const at = (days: number) => refusesTooLong(root, busy, NOW + days * DAY);
  expect([0, 1, 2.9, 3, 3.1, 9].map(at)).toEqual([false, false, false, true, false, false]);
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

test.each(['disabled', 'held', 'pinned', 'skipped', 'manualRollback', 'minimumAge', 'delay'] as const)(
  'what the operator wants is no refusal: %s',
  (rule) => {
    const root = rootHere();
    refusesTooLong(root, { ...busy, rule }, NOW);
    expect(refusesTooLong(root, { ...busy, rule }, NOW + 9 * DAY)).toBe(false);
  },
);
