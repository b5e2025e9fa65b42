import { rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runSteps } from '../../../src/change/engine.js';
import { ReleasesError } from '../../../src/core/errors.js';
import { Interruption } from '../../../src/core/interrupted.js';
import type { Step } from '../../../src/ledger/context.js';
import { newChange, readChange, saveChange } from '../../../src/ledger/ledger.js';
import { type Initiator, planChange, type StepName } from '../../../src/ledger/plan.js';
import type { Root } from '../../../src/store/root.js';
import { type Behaviour, fakeContext, fakeStep } from '../../support/fake-steps.js';
import { temporaryRoot } from '../../support/place.js';

/** Steps that only record what happens to them. */
function play(behaviours: Partial<Record<StepName, Behaviour>>, root: Root = temporaryRoot()) {
  const events: string[] = [];
  const abort = new AbortController();
  const change = newChange(planChange('update', 'latest'), { from: 'old', previous: null, to: 'new' });
  saveChange(root, change);
  const steps = (Object.entries(behaviours) as [StepName, Behaviour][]).map(([name, behaviour]) =>
    fakeStep({
      name,
      behaviour,
      events,
      does() {
        const recorded = readChange(root, change.id).steps.at(-1);
        expect(recorded, 'the intent is on disk before the effect').toMatchObject({ name, state: 'doing' });
      },
      abort: () => abort.abort(),
    }),
  );
  return runSteps(steps, fakeContext(root, change, { signal: abort.signal })).then((ended) => ({
    ended,
    events: events.join(' '),
    root,
  }));
}

test.each<[Partial<Record<StepName, Behaviour>>, string, string, string | undefined]>([
  [
    { stage: 'ok', switch: 'ok', restart: 'ok', verify: 'ok' },
    'stage switch restart verify',
    'package_updated_restart_verified',
    undefined,
  ],
  [{ stage: 'skipped', switch: 'ok' }, 'switch', 'package_updated_restart_scheduled', undefined],
  [{ stage: 'nothing', switch: 'ok' }, 'stage', 'already_current', undefined],
  [{ stage: 'fails', switch: 'ok' }, 'stage -stage', 'package_update_failed', 'stage failed.'],
  [{ stage: 'skipped', switch: 'fails' }, 'switch -switch', 'package_update_failed', 'switch failed.'],
  [
    { stage: 'ok', switch: 'ok', restart: 'fails' },
    'stage switch restart -restart -switch -stage',
    'package_updated_restart_failed',
    'restart failed.',
  ],
  [
    { switch: 'ok', restart: 'ok', verify: 'fails' },
    'switch restart verify -verify -restart -switch',
    'rolled_back',
    'verify failed.',
  ],
  [
    { switch: 'undo-fails', restart: 'ok', verify: 'fails' },
    'switch restart verify -verify -restart -switch',
    'rollback_failed',
    'verify failed.',
  ],
  [
    { switch: 'ok', verify: 'fails+undo-fails' },
    'switch verify -verify -switch',
    'rollback_failed',
    'verify failed.',
  ],
  [
    { stage: 'interrupts', switch: 'ok' },
    'stage -stage',
    'package_update_failed',
    'The change was interrupted and has been undone.',
  ],
])('%j', async (behaviours, expected, status, reason) => {
  const { ended, events, root } = await play(behaviours);
  expect(events).toBe(expected);
  expect(ended).toMatchObject({ status, endedAt: expect.any(String) });
  expect(ended.error?.message).toBe(reason);
  expect(readChange(root, ended.id), 'the verdict is on disk').toEqual(ended);
});

test.each<[NodeJS.Signals, Initiator, string]>([
  ['SIGINT', 'person', 'Cancelled by you (Ctrl-C).'],
  ['SIGTERM', 'person', 'Cancelled by you (SIGTERM).'],
  ['SIGHUP', 'person', 'Cancelled by you (the terminal was closed).'],
  ['SIGTERM', 'timer', 'Cancelled by SIGTERM.'],
])(
  '%s during a step without a pause ends the change of a %s before the next step',
  async (by, initiator, message) => {
    const root = temporaryRoot();
    const events: string[] = [];
    const signals = new AbortController();
    const interruption = new Interruption(by);
    // As a real signal, it is known only when the event loop turns.
    const does = () => void setImmediate(() => signals.abort(interruption));
    const switches = fakeStep({
      name: 'switch',
      behaviour: 'ok',
      events,
      does,
      undoes: () => interruption.repeat(),
    });
    const restarts = fakeStep({ name: 'restart', behaviour: 'ok', events });
    const plan = planChange('update', '2', { initiator });
    const change = newChange(plan, { from: '1', previous: null, to: '2' });
    const notes: string[] = [];
    const context = fakeContext(root, change, { signal: signals.signal });
    const ended = await runSteps([switches, restarts], context, { note: (text) => void notes.push(text) });
    expect(events).toEqual(['switch', '-switch']);
    expect(ended).toMatchObject({ status: 'package_update_failed', error: { code: 'interrupted', message } });
    expect(notes).toEqual([
      `${by}: cancelling. What was begun is undone first.`,
      expect.stringMatching(/^Please wait/),
    ]);
  },
);

test('an error while undoing is kept beside the first error, not in its place', async () => {
  const { ended } = await play({ switch: 'undo-fails', verify: 'fails' });
  expect([ended.error?.code, ended.undoError?.code]).toEqual(['gateway_crashed', 'restart_failed']);
});

test.each<[StepName, string | undefined]>([
  ['stage', 'Nothing that runs was changed.'],
  ['switch', undefined],
  ['attach', undefined],
  ['restart', undefined],
])('a failure in %s promises that nothing was changed before the switch alone', async (name, untouched) => {
  const root = temporaryRoot();
  const fails: Step = {
    name,
    do: () => Promise.reject(new ReleasesError('supervisor_failed', 'It did not answer.')),
    undo: () => Promise.reject(new ReleasesError('supervisor_not_found', 'It is gone.')),
  };
  const switches: Step = { name: 'switch', do: async () => 'done' };
  const change = newChange(planChange('switch', 'new'), { from: 'old', previous: null, to: 'new' });
  const steps = name === 'restart' ? [switches, fails] : [fails];
  const { error, undoError } = await runSteps(steps, fakeContext(root, change));
  expect([error?.untouched, undoError?.untouched !== undefined]).toEqual([
    untouched,
    untouched !== undefined,
  ]);
});

test('rolling back does not need the ledger', async () => {
  const root = temporaryRoot();
  const unwritable: Step = {
    name: 'verify',
    async do() {
      rmSync(root.changes, { recursive: true });
      writeFileSync(root.changes, '');
      throw new ReleasesError('gateway_crashed', 'It crashed.');
    },
  };
  let undone = false;
  const switching: Step = {
    name: 'switch',
    do: async () => 'done',
    undo: async () => {
      undone = true;
    },
  };
  const change = newChange(planChange('switch', 'new'), { from: 'old', previous: null, to: 'new' });
  const ended = await runSteps([switching, unwritable], fakeContext(root, change));
  expect(undone).toBe(true);
  expect(ended).toMatchObject({ status: 'rolled_back', warnings: [expect.stringContaining('ledger')] });
});

test('a ledger that cannot be written stops a change before its next effect', async () => {
  const root = temporaryRoot();
  rmSync(root.changes, { recursive: true });
  const change = newChange(planChange('switch', 'new'), { from: 'old', previous: null, to: 'new' });
  let effect = false;
  const step: Step = {
    name: 'switch',
    do: async () => {
      effect = true;
      return 'done';
    },
  };
  expect(await runSteps([step], fakeContext(root, change))).toMatchObject({
    status: 'package_update_failed',
  });
  expect(effect).toBe(false);
});
