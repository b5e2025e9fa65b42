import { existsSync, readlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  currentRelease,
  endTrial,
  pointCurrent,
  pointPrevious,
  previousRelease,
  readTrial,
  startTrial,
} from '../../src/store/switch.js';
import { temporaryRoot } from '../support/place.js';

test('a fresh root has no current, no previous and no trial', () => {
  const root = temporaryRoot();
  expect([currentRelease(root), previousRelease(root), readTrial(root)]).toEqual([null, null, null]);
});

test('links are relative, so that a root can be moved', () => {
  const root = temporaryRoot();
  pointCurrent(root, '2026.6.1');
  pointPrevious(root, '2026.5.28');
  expect([readlinkSync(root.current), readlinkSync(root.previous)]).toEqual([
    'releases/2026.6.1',
    'releases/2026.5.28',
  ]);
  pointCurrent(root, '2026.7.1-2');
  pointPrevious(root, null);
  expect([currentRelease(root), previousRelease(root)]).toEqual(['2026.7.1-2', null]);
});

test.each(['..', '../x', 'a/b', '', '.hidden', 'x y', 'x\n3'])('%j cannot become a link', (id) => {
  const root = temporaryRoot();
  expect(() => pointCurrent(root, id)).toThrowError(expect.objectContaining({ code: 'release_id_invalid' }));
  expect(existsSync(root.current)).toBe(false);
});

test('a trial says what is tried and how many starts are left', () => {
  const root = temporaryRoot();
  startTrial(root, '2026.6.1', 3);
  expect(readTrial(root)).toEqual({ id: '2026.6.1', boots: 3 });
  endTrial(root);
  endTrial(root);
  expect(readTrial(root)).toBeNull();
});

test.each(['', '\0\0\0\0', '2026.6.1', '2026.6.1 many', '2026.6.1 -1'])(
  'a trial that reads %j has no starts left',
  (text) => {
    const root = temporaryRoot();
    writeFileSync(root.trial, text);
    expect(readTrial(root)?.boots).toBe(0);
  },
);
