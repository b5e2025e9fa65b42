import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { baseline } from '../../../../src/change/steps/baseline.js';
import { newChange } from '../../../../src/ledger/ledger.js';
import { planChange } from '../../../../src/ledger/plan.js';
import { runningRelease } from '../../../../src/ledger/running-release.js';
import { requestRestore } from '../../../../src/state/restore-records.js';
import { pointCurrent, readTrial, startTrial } from '../../../../src/store/links.js';
import { releaseDirectory } from '../../../../src/store/manifest.js';
import type { Root } from '../../../../src/store/root.js';
import type { Inspection, Supervisor } from '../../../../src/supervisor/supervisor.js';
import { fakeContext } from '../../../support/fake-steps.js';
import { nobody } from '../../../support/nobody.js';
import { temporaryRoot } from '../../../support/place.js';
import { sealTinyRelease } from '../../../support/release.js';

const NEW_START: Inspection = {
  state: 'running',
  pid: null,
  instance: 'of the new release',
  restarts: 0,
  lastExit: null,
  launch: { args: [], env: {} },
};

/**
 * Going back from 2026.6.1 to 2026.5.1; `onStop` is the last thing that the stopped launcher does.
 * @param start what the supervisor has started before that
 */
async function goBack(onStop: (root: Root) => void, start: (root: Root) => Inspection = () => NEW_START) {
  const root = temporaryRoot();
  for (const id of ['2026.5.1', '2026.6.1']) await sealTinyRelease(root, id);
  pointCurrent(root, '2026.5.1');
  const now = start(root);
  const change = newChange(planChange('switch', '2026.6.1'), {
    from: '2026.5.1',
    previous: null,
    to: '2026.6.1',
    baseline: { state: 'running', instance: 'before', release: '2026.5.1', health: null },
  });
  const supervisor: Supervisor = {
    ...nobody,
    inspect: () => Promise.resolve(now),
    restart() {
      onStop(root);
      return Promise.resolve({ stopMs: 0, killed: false, instance: 'after' });
    },
  };
  await baseline.undo?.(fakeContext(root, change, { supervisor }));
  return readTrial(root);
}

test('a trial that a stopped launcher writes at its end does not outlive the rollback', async () => {
  expect(await goBack((root) => startTrial(root, '2026.6.1', 2))).toBeNull();
});

test('a trial of the release that is rolled back to stays', async () => {
  expect(await goBack((root) => startTrial(root, '2026.5.1', 2))).toMatchObject({ id: '2026.5.1', boots: 2 });
});

test.each([
  ['is not started again', false],
  ['is started again while a restore is pending: its launcher did not see it', true],
])('a gateway that was rolled back automatically %s', async (_, waits) => {
  let restarts = 0;
  const start = (root: Root) => {
    if (waits) {
      requestRestore(root, {
        ...{ schema: 1, change: 'a-change', release: '2026.5.1', from: 'kept', phase: 'pending' },
        ...{ aside: { name: 'aside', release: '2026.6.1' }, onlyIfChanged: true },
        place: { directory: root.path, config: null },
      });
    }
    const env = { OPENCLAW_RELEASES_RELEASE: releaseDirectory(root, '2026.5.1') };
    const child = spawn('/bin/sleep', ['60'], { env, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const started = { ...NEW_START, pid: child.pid ?? null };
    expect(runningRelease(root, started)).toBe('2026.5.1');
    return started;
  };
  await goBack(() => restarts++, start);
  expect(restarts).toBe(waits ? 1 : 0);
});
