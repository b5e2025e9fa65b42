import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commit } from '../../../../src/change/steps/commit.js';
import { newChange } from '../../../../src/ledger/ledger.js';
import { planChange } from '../../../../src/ledger/plan.js';
import { readTrial, startTrial } from '../../../../src/store/links.js';
import { fakeContext } from '../../../support/fake-steps.js';
import { temporaryRoot } from '../../../support/place.js';

const NEW = '2026.6.5';

test('the end of the trial is the last thing that can fail a change', async () => {
  const root = temporaryRoot();
  const change = newChange(planChange('update', NEW, {}), { from: '2026.6.1', previous: null, to: NEW });
  startTrial(root, NEW);
  // A directory is not removed as a record is.
  mkdirSync(root.return);
  await commit.do(fakeContext(root, change));
  expect(readTrial(root)).toBeNull();
  expect(change.warnings).toEqual([expect.stringMatching(`^${NEW} is proven, but for the tidying: .+`)]);
});
