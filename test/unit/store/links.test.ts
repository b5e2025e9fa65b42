import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bootId } from '../../../src/host/process.js';
import {
  currentRelease,
  endTrial,
  pointCurrent,
  pointPrevious,
  previousRelease,
  readTrial,
  startTrial,
  TRIAL_BOOTS,
} from '../../../src/store/links.js';
import { temporaryRoot } from '../../support/place.js';

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

test('a trial names its release, its remaining starts, and the boot of the machine in which it began', () => {
  const root = temporaryRoot();
  startTrial(root, '2026.6.1', 3);
  expect(readTrial(root)).toEqual({ id: '2026.6.1', boots: 3, bootId: bootId() });
  expect(readFileSync(root.trial, 'utf8')).toBe(`2026.6.1 3 ${bootId()}\n`);
  const seenThere = '00000000-b003-4a0a-a0b4-1164eb4a5e96';
  startTrial(root, '2026.6.1', undefined, seenThere);
  expect(readTrial(root)).toMatchObject({ boots: TRIAL_BOOTS, bootId: seenThere });
  endTrial(root);
  endTrial(root);
  expect(readTrial(root)).toBeNull();
});

test.each(['2026.6.1 2', '2026.6.1 2\n'])(
  'a trial of a machine without a boot id (%j) can be read',
  (text) => {
    const root = temporaryRoot();
    writeFileSync(root.trial, text);
    expect(readTrial(root)).toEqual({ id: '2026.6.1', boots: 2, bootId: null });
  },
);

test.each([
  ...['', '\0\0\0\0', '2026.6.1', '2026.6.1 many', '2026.6.1 -1', '2026.6.1 01', '2026.6.1 100'],
  ...['2026.6.1 2 0', `2026.6.1 2 ${'x'.repeat(36)}`, `2026.6.1 2 ${bootId()} more`],
])('a trial with the text %j has no starts left', (text) => {
  const root = temporaryRoot();
  writeFileSync(root.trial, text);
  expect(readTrial(root)).toMatchObject({ boots: 0, bootId: null });
});
