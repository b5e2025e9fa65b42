import { expect, test } from 'vitest';
import { changeFromTrial } from '../../../src/change/reconstruct.js';
import { pointCurrent, pointPrevious, readTrial, startTrial } from '../../../src/store/links.js';
import { temporaryRoot } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

async function rootWith(current: string | null, previous: string | null, trial: string) {
  const root = temporaryRoot();
  for (const id of ['2026.5.1', '2026.6.1', '2026.7.1']) await sealTinyRelease(root, id);
  pointCurrent(root, current);
  pointPrevious(root, previous);
  startTrial(root, trial, 2);
  const found = readTrial(root);
  if (!found) throw new Error('There is no trial.');
  return { root, trial: found };
}

test('a trial without a record is the switch from previous to current, and is rolled back', async () => {
  const { root, trial } = await rootWith('2026.6.1', '2026.5.1', '2026.6.1');
  const change = changeFromTrial(root, trial);
  expect(change).toMatchObject({
    plan: { kind: 'switch', target: '2026.6.1' },
    facts: { from: '2026.5.1', to: '2026.6.1', baseline: { release: '2026.5.1', health: { ready: true } } },
    error: { code: 'interrupted' },
  });
  expect(change?.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
    ...['baseline done', 'switch done', 'restart done', 'verify doing'],
  ]);
});

test('a corrupt trial is about current', async () => {
  const { root } = await rootWith('2026.6.1', '2026.5.1', '2026.6.1');
  expect(changeFromTrial(root, { id: '\0\0', boots: 0, bootId: null })?.facts.to).toBe('2026.6.1');
});

test.each([
  ['of another release', '2026.6.1', '2026.5.1', '2026.7.1'],
  ['with nothing to return to', '2026.6.1', null, '2026.6.1'],
  ['where the launcher has rolled back already', '2026.5.1', '2026.5.1', '2026.5.1'],
  ['where nothing is current', null, '2026.5.1', '2026.6.1'],
])('a trial %s is no change', async (_, current, previous, on) => {
  const { root, trial } = await rootWith(current, previous, on);
  expect(changeFromTrial(root, trial)).toBeNull();
});
