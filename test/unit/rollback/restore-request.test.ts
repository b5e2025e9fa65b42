import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Change, newChange } from '../../../src/ledger/ledger.js';
import { planChange, type StepName } from '../../../src/ledger/plan.js';
import { returnState } from '../../../src/rollback/restore-request.js';
import { prepareReturn, type Restore, readRestore } from '../../../src/state/restore-records.js';
import { startTrial } from '../../../src/store/links.js';
import { fakeContext } from '../../support/fake-steps.js';
import { temporaryRoot } from '../../support/place.js';

const [OLD, NEW] = ['2026.6.1', '2026.6.5'];

const toReturn: Restore = {
  schema: 1,
  change: 'a-change',
  release: OLD,
  from: 'kept',
  aside: { name: 'aside', release: NEW },
  place: { directory: '/state', config: null },
  onlyIfChanged: true,
  phase: 'pending',
};

function changeWith(...names: StepName[]): Change {
  const change = newChange(planChange('update', NEW, {}), { from: OLD, previous: null, to: NEW });
  change.steps = names.map((name) => ({ name, state: 'done', startedAt: new Date().toISOString() }));
  return change;
}

test.each<[string, StepName[], number | null, boolean]>([
  ['before the restart', ['switch'], 3, false],
  ['before the trial', ['switch'], null, false],
  ['after the restart', ['switch', 'restart'], 3, true],
  // What crashed between the switch and the restart came back, on trial.
  ['before the restart, where a launcher has started the target', ['switch'], 2, true],
  ['before the restart, where a launcher has used up the trial', ['switch'], 0, true],
])('a change that is undone %s (%s, starts left: %s) returns the state: %s', async (_, steps, boots, is) => {
  const root = temporaryRoot();
  prepareReturn(root, toReturn);
  if (boots !== null) startTrial(root, NEW, boots);
  await returnState(fakeContext(root, changeWith(...steps)));
  expect(readRestore(root)).toEqual(is ? toReturn : null);
  expect(existsSync(root.return)).toBe(false);
});
