import { expect, test } from 'vitest';
import type { Context } from '../../src/change/context.js';
import { newChange } from '../../src/change/ledger.js';
import { planChange } from '../../src/change/plan.js';
import { baseline } from '../../src/change/steps/baseline.js';
import { pointCurrent, readTrial, startTrial } from '../../src/store/switch.js';
import type { Inspection } from '../../src/supervisor/supervisor.js';
import { nobody } from '../support/nobody.js';
import { temporaryRoot } from '../support/place.js';
import { sealTinyRelease } from '../support/release.js';

const NEW_START: Inspection = {
  state: 'running',
  pid: null,
  instance: 'of the new release',
  restarts: 0,
  lastExit: null,
  launch: { args: [], env: {} },
};

/** Going back from 2026.6.1 to 2026.5.1; `onStop` is the last thing that the stopped launcher does. */
async function goBack(onStop: (root: Context['root']) => void) {
  const root = temporaryRoot();
  for (const id of ['2026.5.1', '2026.6.1']) await sealTinyRelease(root, id);
  pointCurrent(root, '2026.5.1');
  const change = newChange(planChange('switch', '2026.6.1'), {
    from: '2026.5.1',
    previous: null,
    to: '2026.6.1',
    baseline: { state: 'running', instance: 'before', release: '2026.5.1', health: null },
  });
  await baseline.undo?.({
    root,
    change,
    supervisor: {
      ...nobody,
      inspect: () => Promise.resolve(NEW_START),
      restart() {
        onStop(root);
        return Promise.resolve({ stopMs: 0, killed: false, instance: 'after' });
      },
    },
    client: () => Promise.reject(new Error('no network here')),
    lookUp: () => Promise.reject(new Error('no network here')),
    signal: new AbortController().signal,
    mayRestart: true,
    onBehalf: false,
    progress: () => {},
  });
  return readTrial(root);
}

test('a trial that a stopped launcher writes back at its end does not outlive going back', async () => {
  expect(await goBack((root) => startTrial(root, '2026.6.1', 2))).toBeNull();
});

test('a trial of what is gone back to is its own', async () => {
  expect(await goBack((root) => startTrial(root, '2026.5.1', 2))).toMatchObject({ id: '2026.5.1', boots: 2 });
});
