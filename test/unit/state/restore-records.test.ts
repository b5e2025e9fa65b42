import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  beginReturn,
  cancelRestore,
  prepareReturn,
  type Restore,
  readRestore,
  requestRestore,
} from '../../../src/state/restore-records.js';
import { temporaryRoot } from '../../support/place.js';

const restore = (phase: Restore['phase'], change = 'a-change'): Restore => ({
  schema: 1,
  change,
  release: '2026.6.1',
  from: 'kept',
  aside: { name: 'aside', release: '2026.6.5' },
  place: { directory: '/state', config: null },
  onlyIfChanged: true,
  phase,
});

test('a restore is cancelled while it has moved nothing', () => {
  const root = temporaryRoot();
  requestRestore(root, restore('pending'));
  expect(cancelRestore(root)).toBe(true);
  expect(existsSync(root.restore)).toBe(false);
  expect(cancelRestore(root)).toBe(false);
});

test.each(['displacing', 'putting-back'] as const)('a restore in its phase %s is not cancelled', (phase) => {
  const root = temporaryRoot();
  requestRestore(root, restore(phase));
  expect(cancelRestore(root)).toBe(false);
  expect(readRestore(root)).toEqual(restore(phase));
});

test('a trial that fails requests the state from before, in place of a restore that has moved nothing', () => {
  const root = temporaryRoot();
  expect(beginReturn(root)).toBe(false);
  requestRestore(root, restore('pending', 'an-earlier-change'));
  prepareReturn(root, restore('pending'));
  expect(beginReturn(root)).toBe(true);
  expect(readRestore(root)).toEqual(restore('pending'));
  expect(existsSync(root.return)).toBe(false);
});

test('a trial that fails does not replace a restore that is half done', () => {
  const root = temporaryRoot();
  requestRestore(root, restore('displacing', 'an-earlier-change'));
  prepareReturn(root, restore('pending'));
  expect(() => beginReturn(root)).toThrow(expect.objectContaining({ code: 'interrupted' }));
  expect(readRestore(root)).toEqual(restore('displacing', 'an-earlier-change'));
  expect(existsSync(root.return)).toBe(true);
});
