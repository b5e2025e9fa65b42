import { spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { recoverChanges } from '../../../src/change/recover.js';
import type { Context } from '../../../src/ledger/context.js';
import {
  type Change,
  type ChangeStatus,
  newChange,
  readChange,
  type StepRecord,
  saveChange,
} from '../../../src/ledger/ledger.js';
import { type ChangeKind, planChange, type StepName } from '../../../src/ledger/plan.js';
import {
  currentRelease,
  endTrial,
  pointCurrent,
  pointPrevious,
  readTrial,
  startTrial,
} from '../../../src/store/links.js';
import { prepareRoot, type Root, rootAt } from '../../../src/store/root.js';
import type { Inspection, Supervisor } from '../../../src/supervisor/supervisor.js';
import { atEndOfAll } from '../../support/at-end.js';
import { type Behaviour, fakeContext, fakeStep } from '../../support/fake-steps.js';
import { nobody } from '../../support/nobody.js';
import { temporaryDirectory } from '../../support/place.js';

const OLD = '2026.6.1';
const NEW = '2026.7.1';
const RELEASES = { old: OLD, new: NEW, '-': null };
type Name = keyof typeof RELEASES;

/** Answers of the supervisor: a release runs, none does, or it cannot be asked; `launcher` becomes the new one. */
type Running = Name | 'launcher' | 'unknown';

/** Steps that have an undo, with their effect on the links; all other steps are only recorded. */
const EFFECTS: Partial<Record<StepName, { does?(context: Context): void; undoes?(context: Context): void }>> =
  {
    stage: { undoes: () => {} },
    baseline: { undoes: () => {} },
    snapshot: { undoes: () => {} },
    switch: {
      undoes({ root, change }) {
        pointCurrent(root, change.facts.from);
        endTrial(root);
      },
    },
    plugins: { undoes: () => {} },
    commit: { does: ({ root }) => endTrial(root) },
  };

const STATES: Record<string, StepRecord['state']> = {
  '!': 'doing',
  '?': 'failed',
  '~': 'undoing',
  '-': 'undone',
};

const atEnd = atEndOfAll();
let root: Root;
/** Processes that were started from each release, as the kernel reports it. */
let pids: { old: number; new: number };

beforeAll(() => {
  root = rootAt(join(temporaryDirectory('recover', atEnd), 'root'));
  prepareRoot(root);
  pids = { old: startFrom(OLD), new: startFrom(NEW) };
});

beforeEach(() => {
  for (const name of readdirSync(root.changes)) rmSync(join(root.changes, name));
  endTrial(root);
});

function startFrom(id: string): number {
  const env = { ...process.env, OPENCLAW_RELEASES_RELEASE: join(root.releases, id) };
  const child = spawn('sleep', ['600'], { env, stdio: 'ignore' });
  atEnd(() => void child.kill('SIGKILL'));
  return child.pid ?? -1;
}

/** Spelling of steps: `stage switch! verify? -baseline ~switch (plugins)`: done, doing, failed, undone, being undone, skipped. */
function recordsOf(text: string): StepRecord[] {
  const words = text.split(' ').filter((word) => word !== '');
  return words.map((word) => {
    const [name = ''] = /[a-z][a-z-]*[a-z]/.exec(word) ?? [];
    const mark = /^[~-]|[!?]$/.exec(word)?.[0] ?? '';
    const state = word.startsWith('(') ? 'skipped' : (STATES[mark] ?? 'done');
    return { name: name as StepName, state, startedAt: new Date().toISOString() };
  });
}

interface Setup {
  kind?: ChangeKind;
  /** Runs `switch --no-restart`. */
  restart?: boolean;
  /** Steps as the ledger has them. */
  steps: string;
  trial?: Name;
  current: Name;
  runs?: Running;
  /** A change that had failed already. */
  failed?: boolean;
  /** A machine that has booted since. */
  atBoot?: boolean;
  behaviours?: Partial<Record<StepName, Behaviour>>;
}

function supervisorWith(runs: Running): Supervisor {
  let asked = 0;
  const inspect = (): Promise<Inspection> => {
    asked++;
    if (runs === 'unknown') return nobody.inspect();
    const launcher = asked === 1 ? process.pid : pids.new;
    const pid = { '-': null, ...pids, launcher }[runs];
    const state = pid === null ? 'stopped' : 'running';
    const launch = { args: [], env: {} };
    return Promise.resolve({ state, pid, instance: 'i', restarts: 0, lastExit: null, launch });
  };
  return { ...nobody, inspect };
}

/** Writes a change whose process is dead into the ledger. */
function writeLost({ kind = 'update', restart = true, steps, failed = false }: Setup): Change {
  const change = newChange(planChange(kind, NEW, { restart }), { from: OLD, previous: null, to: NEW });
  change.owner = { pid: 1, startTicks: 0, bootId: 'of another boot' };
  change.steps = recordsOf(steps);
  if (failed) change.error = { code: 'gateway_crashed', message: 'It crashed.' };
  saveChange(root, change);
  return change;
}

async function recoverWith({ runs = 'old', atBoot = false, behaviours = {} }: Setup) {
  const events: string[] = [];
  const fake = (name: StepName) => {
    const effects = EFFECTS[name] ?? {};
    const step = fakeStep({ name, behaviour: behaviours[name] ?? 'ok', events, ...effects });
    const { undo, ...others } = step;
    return effects.undoes && undo ? { ...others, undo } : others;
  };
  const recovered = await recoverChanges(root, {
    contextOf: (change) =>
      fakeContext(root, change, { supervisor: supervisorWith(runs), canRestart: !atBoot }),
    stepsNamed: (names) => names.map(fake),
  });
  return { recovered, events: events.join(' ') };
}

function place({ trial = '-', current }: Setup): void {
  pointPrevious(root, OLD);
  pointCurrent(root, RELEASES[current]);
  const on = RELEASES[trial];
  if (on !== null) startTrial(root, on);
}

interface Outcome {
  how: 'finished' | 'undone';
  status: ChangeStatus;
  /** Steps that were run or undone, in their order. */
  events: string;
}

const SWITCHED = 'resolve check-space stage probe seal baseline snapshot switch';
const RESTARTING = `${SWITCHED} restart!`;
const VERIFYING = `${SWITCHED} restart verify!`;
const VERIFIED = `${SWITCHED} restart verify`;
const UNDO = '-switch -snapshot -baseline -stage';

/** Setups in which `current` names the new release, on trial; the old one runs unless a row says otherwise. */
const onTrial = { trial: 'new', current: 'new' } as const;
const newRuns = { ...onTrial, runs: 'new' } as const;

const undone = (events: string, status: ChangeStatus = 'package_update_failed'): Outcome => ({
  how: 'undone',
  status,
  events,
});
const restartFailed = (events = UNDO) => undone(events, 'package_updated_restart_failed');
const rolledBack = (events = UNDO) => undone(events, 'rolled_back');
const finished = (events: string, status: ChangeStatus = 'package_updated_restart_verified'): Outcome => ({
  how: 'finished',
  status,
  events,
});
const verifiedNow = finished('verify plugins commit prune');

function describeSetup({ kind, steps, trial, current, runs, atBoot, behaviours }: Setup): string {
  const what = [
    kind,
    steps === '' ? 'no step' : steps.replace(SWITCHED, '… switch'),
    `current ${current}`,
    trial && 'on trial',
    runs && `runs ${runs}`,
    atBoot && 'at boot',
    ...Object.entries(behaviours ?? {}).map(([name, behaviour]) => `${name} ${behaviour}`),
  ];
  return what.filter((word) => word !== undefined && word !== false).join(', ');
}

function check(rows: [Setup, Outcome][]): void {
  const titled = rows.map(
    ([setup, { how, status, events }]) => [describeSetup(setup), how, status, events, setup] as const,
  );
  test.each(titled)('%s: %s, %s: %s', async (_, how, status, events, setup) => {
    place(setup);
    const { id } = writeLost(setup);
    const { recovered, events: happened } = await recoverWith(setup);
    expect(recovered.map((change) => change.id)).toEqual([id]);
    const [change] = recovered as [Change];
    expect([change.recovery?.outcome, change.status, happened]).toEqual([how, status, events]);
    expect(readChange(root, id), 'the verdict is on disk').toEqual(change);
    if (how === 'undone') expect(change.error?.code).toBe(codeOf(setup, status));
    expect([currentRelease(root), readTrial(root)]).toEqual([how === 'finished' ? NEW : OLD, null]);
  });
}

/** Error code that stays: the first failure's, else `interrupted`. */
function codeOf({ failed, behaviours }: Setup, status: ChangeStatus): string {
  if (status === 'helper_never_ran') return 'helper_never_ran';
  return failed || Object.values(behaviours ?? {}).includes('fails') ? 'gateway_crashed' : 'interrupted';
}

describe('a change that died before its switch was done is undone', () => {
  const switching = 'resolve check-space stage probe seal baseline snapshot switch!';
  check([
    [{ steps: '', current: 'old' }, undone('', 'helper_never_ran')],
    [{ steps: 'resolve!', current: 'old' }, undone('')],
    [{ steps: 'resolve check-space!', current: 'old' }, undone('')],
    [{ steps: 'resolve check-space stage!', current: 'old' }, undone('-stage')],
    [{ steps: 'resolve check-space stage', current: 'old' }, undone('-stage')],
    [{ steps: 'resolve check-space (stage) probe!', current: 'old' }, undone('')],
    [{ steps: 'resolve check-space stage probe seal wait-idle!', current: 'old' }, undone('-stage')],
    [{ steps: 'resolve check-space stage probe seal baseline!', current: 'old' }, undone('-baseline -stage')],
    [{ steps: 'baseline snapshot!', current: 'old' }, undone('-snapshot -baseline')],
    [{ steps: switching, current: 'old' }, undone(UNDO)],
    [{ steps: switching, trial: 'new', current: 'old' }, undone(UNDO)],
    [{ steps: switching, ...onTrial }, undone(UNDO)],
    // A launcher may have started it since.
    [{ steps: switching, ...newRuns }, undone(UNDO)],
    [{ kind: 'stage', steps: 'resolve check-space stage!', current: 'old' }, undone('-stage')],
    [{ kind: 'rollback', steps: 'baseline switch!', ...onTrial }, undone('-switch -baseline')],
  ]);
});

describe('a change that died after its switch is finished where the new release runs and passes verification', () => {
  check([
    [{ steps: SWITCHED, ...newRuns }, verifiedNow],
    [{ steps: RESTARTING, ...newRuns }, verifiedNow],
    [{ steps: RESTARTING, ...onTrial, runs: 'launcher' }, verifiedNow],
    [{ steps: `${SWITCHED} restart`, ...newRuns }, verifiedNow],
    [{ steps: VERIFYING, ...newRuns }, verifiedNow],
    [{ steps: VERIFIED, ...newRuns }, verifiedNow],
    [{ steps: `${VERIFIED} plugins!`, ...newRuns }, verifiedNow],
    [{ steps: `${VERIFIED} (plugins) commit!`, ...newRuns }, verifiedNow],
    [{ kind: 'rollback', steps: 'baseline switch restart!', ...newRuns }, finished('verify commit')],
    [{ kind: 'switch', steps: 'baseline switch restart!', ...newRuns }, finished('verify plugins commit')],
  ]);
});

test('a later start is verified in its place: a restart by anybody is no crash', async () => {
  place({ steps: '', ...newRuns });
  const change = writeLost({ steps: VERIFYING, ...newRuns });
  change.facts.restart = { instance: 'of an earlier start', stopMs: 5, killed: false };
  saveChange(root, change);
  const { recovered } = await recoverWith({ steps: '', ...newRuns });
  expect(recovered.map(({ status, facts }) => [status, facts.restart])).toEqual([
    ['package_updated_restart_verified', { instance: 'i', stopMs: 5, killed: false }],
  ]);
});

describe('a change that died after its switch is undone where another release runs, or an unknown one', () => {
  check([
    [{ steps: SWITCHED, ...onTrial }, undone(UNDO)],
    [{ steps: RESTARTING, ...onTrial }, restartFailed()],
    [{ steps: RESTARTING, ...onTrial, runs: '-' }, restartFailed()],
    [{ steps: RESTARTING, ...onTrial, runs: 'unknown' }, restartFailed()],
    [{ steps: RESTARTING, ...newRuns, atBoot: true }, restartFailed()],
    [{ steps: VERIFYING, ...onTrial, runs: '-' }, rolledBack()],
    // The launcher has rolled back automatically.
    [{ steps: VERIFYING, current: 'old' }, rolledBack()],
    [{ steps: VERIFYING, current: '-', runs: 'new' }, rolledBack()],
    [{ steps: `${VERIFIED} plugins!`, ...onTrial, runs: '-' }, rolledBack(`-plugins ${UNDO}`)],
    [{ steps: `${VERIFIED} plugins commit!`, ...newRuns, atBoot: true }, rolledBack(`-plugins ${UNDO}`)],
    [{ kind: 'rollback', steps: 'baseline switch restart', ...onTrial }, restartFailed('-switch -baseline')],
  ]);
});

describe('a change that recovery cannot finish, or cannot undo, says so', () => {
  const fails = { verify: 'fails' } as const;
  check([
    [{ steps: RESTARTING, ...newRuns, behaviours: fails }, rolledBack(`verify ${UNDO}`)],
    [{ steps: VERIFIED, ...newRuns, behaviours: fails }, rolledBack(`verify ${UNDO}`)],
    [
      { steps: VERIFIED, ...newRuns, behaviours: { commit: 'fails' } },
      rolledBack(`verify plugins commit -plugins ${UNDO}`),
    ],
    [
      { steps: VERIFYING, ...newRuns, behaviours: { ...fails, baseline: 'undo-fails' } },
      undone(`verify ${UNDO}`, 'rollback_failed'),
    ],
    [
      { steps: SWITCHED, ...onTrial, behaviours: { snapshot: 'undo-fails' } },
      undone(UNDO, 'rollback_failed'),
    ],
  ]);
});

describe('a change that died during its rollback is rolled back again, no matter which release runs', () => {
  const begun = 'resolve check-space stage probe seal baseline';
  const gone = { current: 'old', failed: true } as const;
  check([
    [{ steps: `${SWITCHED} restart verify?`, ...newRuns, failed: true }, rolledBack()],
    [{ steps: `${begun} snapshot ~switch restart verify?`, ...newRuns, failed: true }, rolledBack()],
    [{ steps: `${begun} ~snapshot -switch restart verify?`, ...gone }, rolledBack()],
    [
      { steps: 'resolve check-space -stage probe seal -baseline -snapshot -switch restart verify?', ...gone },
      rolledBack(),
    ],
    [{ steps: 'resolve check-space stage?', ...gone }, undone('-stage')],
  ]);
});

describe('a change that died after its trial had ended is kept, and nothing is run or undone', () => {
  const committing = { steps: `${VERIFIED} plugins commit!`, current: 'new' } as const;
  check([
    // The record of the step is not written, and the one of the older state is gone.
    [{ ...committing, runs: 'new' }, finished('')],
    [{ ...committing, runs: 'unknown' }, finished('')],
    [{ ...committing, atBoot: true }, finished('')],
    [{ steps: `${VERIFIED} plugins commit`, current: 'new', runs: 'new' }, finished('')],
    [{ steps: `${VERIFIED} plugins commit prune!`, current: 'new', runs: 'new' }, finished('')],
    [{ steps: `${VERIFIED} plugins commit prune`, current: 'new', runs: '-' }, finished('')],
    [
      { kind: 'rollback', steps: 'baseline switch restart verify commit', current: 'new', runs: 'unknown' },
      finished(''),
    ],
  ]);
});

describe('a switch without a restart is finished no matter what runs', () => {
  const scheduled = finished('', 'package_updated_restart_scheduled');
  const without = { kind: 'switch', restart: false } as const;
  check([
    [{ ...without, steps: 'switch!', current: 'new' }, undone('-switch')],
    [{ ...without, steps: 'switch', current: 'new', runs: 'unknown' }, scheduled],
    [{ ...without, steps: 'switch', current: 'old' }, undone('-switch')],
  ]);
});

test('recovery leaves a change whose owner lives', async () => {
  place({ steps: '', current: 'old' });
  const change = newChange(planChange('update', NEW), { from: OLD, previous: null, to: NEW });
  saveChange(root, change);
  expect(await recoverWith({ steps: '', current: 'old' })).toEqual({ recovered: [], events: '' });
  expect(readChange(root, change.id)).toEqual(change);
});

describe('a trial without a change', () => {
  test.each<[string, Setup, string, string[]]>([
    ['is rolled back', { steps: '', ...onTrial, runs: 'new' }, '-switch -baseline', ['rolled_back']],
    ['of a release that is not current is dropped', { steps: '', trial: 'new', current: 'old' }, '', []],
  ])('%s', async (_, setup, events, statuses) => {
    place(setup);
    const { recovered, events: happened } = await recoverWith(setup);
    expect([happened, recovered.map(({ status }) => status)]).toEqual([events, statuses]);
    expect([currentRelease(root), readTrial(root)]).toEqual([OLD, null]);
  });

  test('that a failed undo of a switch left is rolled back once more', async () => {
    const setup: Setup = { steps: SWITCHED, ...onTrial, behaviours: { switch: 'undo-fails' } };
    place(setup);
    const { id } = writeLost(setup);
    const { recovered, events } = await recoverWith(setup);
    expect(recovered.map(({ status }) => status)).toEqual(['rollback_failed', 'rollback_failed']);
    expect(recovered[0]?.id).toBe(id);
    expect(events).toBe(`${UNDO} -switch -baseline`);
  });
});
