import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repairRoot } from '../../../src/store/repair.js';
import { acquireRunLock } from '../../../src/store/run-lock.js';
import {
  type PastDecision,
  readTimerState,
  withDecision,
  writeAuto,
} from '../../../src/store/timer-state.js';
import { temporaryRoot } from '../../support/place.js';

function decision(minute: number, more: Partial<PastDecision> = {}): PastDecision {
  const at = `2026-06-01T00:${String(minute).padStart(2, '0')}:00.000Z`;
  return { at, verdict: 'no', version: null, rule: 'held', reason: 'held', until: null, ...more };
}

test('the id of an installation is made once', () => {
  const root = temporaryRoot();
  const file = readTimerState(root);
  expect(readTimerState(root).installId).not.toBe(file.installId);
  writeAuto(root, file);
  expect(readTimerState(root)).toEqual(file);
});

test('a decision that stays the same is one entry, with the time of its first', () => {
  let file = readTimerState(temporaryRoot());
  for (const minute of [1, 2, 3]) file = withDecision(file, decision(minute));
  file = withDecision(file, decision(4, { rule: 'window' }));
  file = withDecision(file, decision(5));
  expect(file.decisions.map(({ at, since }) => [at.slice(14, 16), since?.slice(14, 16)])).toEqual([
    ['03', '01'],
    ['04', undefined],
    ['05', undefined],
  ]);
});

test('the last twenty decisions are kept, and a decision that led to a change is never merged with another', () => {
  let file = readTimerState(temporaryRoot());
  for (let minute = 0; minute < 30; minute++) file = withDecision(file, decision(minute, { change: 'c' }));
  expect(file.decisions).toHaveLength(20);
  expect(file.decisions[0]).toEqual(decision(10, { change: 'c' }));
});

test('a corrupt file is kept by repair and by writing', async () => {
  const root = temporaryRoot();
  writeFileSync(root.auto, '');
  expect(await repairRoot(root)).toMatchObject([{ path: root.auto, why: 'is empty' }]);
  writeFileSync(root.auto, '{"schema":2}');
  writeAuto(root, readTimerState(root));
  expect(readTimerState(root).decisions).toEqual([]);
  const kept = readdirSync(join(root.path, 'corrupt')).filter((name) => name.startsWith('timer-state.json'));
  expect(kept).toHaveLength(2);
});

test('one run of the timer has its turn at a time, and a dead one blocks nobody', () => {
  const root = temporaryRoot();
  const done = acquireRunLock(root, 'timer');
  expect(done).not.toBe(null);
  expect(acquireRunLock(root, 'timer')).toBe(null);
  done?.();
  const again = acquireRunLock(root, 'timer');
  expect(again).not.toBe(null);
  again?.();
});
