import { afterEach, expect, test, vi } from 'vitest';
import { nextPlace } from '../../../src/ledger/history.js';
import { listChanges, newChange, saveChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { temporaryRoot } from '../../support/place.js';

afterEach(() => void vi.useRealTimers());

test('changes keep the order in which they were made, however the clock is set between them', () => {
  const root = temporaryRoot();
  vi.useFakeTimers({ toFake: ['Date'] });
  const numbers: (number | undefined)[] = [];
  for (const moment of [
    '2026-11-26T06:44:59.999Z',
    '2026-11-26T01:45:08Z',
    '2026-11-26T01:45:08Z',
    '2031-01-01',
  ]) {
    vi.setSystemTime(moment);
    const change = newChange(
      planChange('update', '2'),
      { from: '1', previous: null, to: '2' },
      nextPlace(root),
    );
    expect(change.startedAt).toBe(new Date(moment).toISOString());
    saveChange(root, change);
    numbers.push(change.number);
  }
  expect(numbers).toEqual([1, 2, 3, 4]);
  const changes = listChanges(root);
  expect(changes.map(({ number }) => number)).toEqual(numbers);
  expect(changes.map(({ id }) => id.split('-')[0])).toEqual([
    '20261126T064459999Z',
    '20261126T064500000Z',
    '20261126T064500001Z',
    '20310101T000000000Z',
  ]);
});
