import type { Name } from '../core/scalars.js';
import type { UnitAddress } from '../host/systemd/systemctl.js';

/** All steps, in the order in which they run. */
export const STEP_NAMES = [
  'find-install',
  'resolve',
  'check-space',
  'stage',
  'probe',
  'seal',
  'wait-idle',
  'baseline',
  'snapshot',
  'switch',
  'attach',
  'detach',
  'restart',
  'verify',
  'plugins',
  'commit',
  'prune',
  'drill',
] as const;

export type StepName = (typeof STEP_NAMES)[number];

/** Steps in words for people. */
export const STEP_TITLES: Record<StepName, string> = {
  'find-install': 'Find the install',
  resolve: 'Look up the version',
  'check-space': 'Check the room',
  stage: 'Download and install',
  probe: 'Try it out',
  seal: 'Seal',
  'wait-idle': 'Wait for idle',
  baseline: 'Ask the old gateway',
  snapshot: 'Copy the state',
  switch: 'Switch',
  attach: 'Change the unit',
  detach: 'Restore the unit',
  restart: 'Restart',
  verify: 'Verify',
  plugins: 'Update plugins',
  commit: 'Confirm',
  prune: 'Remove old releases',
  drill: 'Drill the rollback',
};

export type ChangeKind = 'stage' | 'update' | 'switch' | 'rollback' | 'adopt' | 'unadopt' | 'drill';

/** All in milliseconds. */
export interface Limits {
  settleMs: number;
  /** Minimum time to become ready, even without progress. */
  readyFloorMs: number;
  /** Maximum time to become ready, even with progress. */
  readyCeilingMs: number;
  pluginsMs?: number;
}

export const DEFAULT_LIMITS = {
  settleMs: 10_000,
  readyFloorMs: 60_000,
  readyCeilingMs: 600_000,
  pluginsMs: 120_000,
} as const satisfies Limits;

/** `boot` also starts the release on a copy of the state; `auto` does so where memory and isolation allow it. */
export const PROBES = ['version', 'boot', 'auto'] as const;

export type Probe = (typeof PROBES)[number];

/**
 * `ask`: no restore if the target is compatible, else a person decides. `restore`: restores the older state and
 * displaces the newer one. `keep`: rolls back the code only.
 */
export type StateChoice = 'ask' | 'restore' | 'keep';

export type Initiator = 'person' | 'gateway' | 'timer';

/** Wait for an idle gateway before the restart; all in milliseconds. */
export interface IdleLimits {
  /** Maximum wait; 0 does not wait. */
  withinMs: number;
  /** Announced time between the end of the wait and the restart, which can still be cancelled. */
  countdownMs: number;
  /** Minimum idle time; two idle samples when absent. */
  quietMs?: number;
  /** Fail before the switch if the gateway is still busy after the wait. */
  giveUp?: boolean;
}

/** Milliseconds. 300 s is OpenClaw's own limit to defer a restart. A rollback does not wait: something is broken. */
export const IDLE_WITHIN_MS = { person: 60_000, gateway: 300_000, rollback: 0 } as const;

export interface Plan {
  kind: ChangeKind;
  /** A version, a tag, an archive, or the id of a release in this root. */
  target: string;
  steps: StepName[];
  limits: Limits;
  /** Dependencies whose install scripts may run. */
  allowScripts: string[];
  /** Exact lockfile to install from; null for the kept lockfile of this version, if any. */
  lockfile: string | null;
  /** Resolve dependencies anew and ignore a kept lockfile. */
  ignoreStoredLockfile?: boolean;
  /** Takes a release although it is yanked or deprecated. */
  evenIfYanked?: boolean;
  /** `version` when absent. */
  probe?: Probe;
  /** Make a snapshot; true when absent (older records). */
  snapshot?: boolean;
  /** `rollback` only; `ask` when absent. */
  state?: StateChoice;
  /** Snapshot or displaced state to restore, also where the release can read today's; a name below `states/`. */
  restoreFrom?: Name;
  /** The two changes of a drill for real. */
  forReal?: 'there' | 'back';
  /** `person` when absent. */
  initiator?: Initiator;
  /** Absent: the step `wait-idle` is left out; the restart is neither announced nor delayed. */
  idle?: IdleLimits;
  /** Milliseconds from the start after which an uncommitted change is undone; absent: no limit. */
  timeoutMs?: number;
  evictOrphan: boolean;
  /** The unit to adopt or leave; null for the one in the root's record. */
  unit: UnitAddress | null;
  registry: string | null;
}

export interface PlanOptions
  extends Partial<Omit<Plan, 'kind' | 'target' | 'steps' | 'limits' | 'unit' | 'registry'>> {
  limits?: Partial<Limits>;
  unit?: UnitAddress;
  registry?: string;
  /** False: only repoint `current`; the restart is left to others. */
  restart?: boolean;
}

const STEPS: Record<ChangeKind, StepName[]> = {
  stage: ['resolve', 'check-space', 'stage', 'probe', 'seal'],
  update: STEP_NAMES.filter((name) => !['find-install', 'attach', 'detach', 'drill'].includes(name)),
  switch: ['wait-idle', 'baseline', 'snapshot', 'switch', 'restart', 'verify', 'plugins', 'commit'],
  rollback: ['wait-idle', 'baseline', 'switch', 'restart', 'verify', 'commit'],
  adopt: [
    'find-install',
    'resolve',
    'check-space',
    'stage',
    'probe',
    'seal',
    'baseline',
    'attach',
    'restart',
    'verify',
    'commit',
  ],
  unadopt: ['baseline', 'detach', 'restart', 'verify'],
  drill: ['drill'],
};

/** Pure: the same request gives the same plan. */
export function planChange(kind: ChangeKind, target: string, options: PlanOptions = {}): Plan {
  return {
    kind,
    target,
    steps: stepNamesOf(kind, options),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    allowScripts: options.allowScripts ?? [],
    lockfile: options.lockfile ?? null,
    ...(options.ignoreStoredLockfile && { ignoreStoredLockfile: true }),
    ...(options.evenIfYanked && { evenIfYanked: true }),
    probe: options.probe ?? 'auto',
    snapshot: options.snapshot ?? true,
    state: options.state ?? 'ask',
    ...(options.restoreFrom !== undefined && { restoreFrom: options.restoreFrom }),
    ...(options.forReal && { forReal: options.forReal }),
    ...(options.initiator && { initiator: options.initiator }),
    ...(options.idle && { idle: options.idle }),
    ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
    evictOrphan: options.evictOrphan ?? false,
    unit: options.unit ?? null,
    registry: options.registry ?? null,
  };
}

function stepNamesOf(kind: ChangeKind, { restart, idle }: PlanOptions): StepName[] {
  if (restart === false) return ['switch'];
  return STEPS[kind].filter((name) => name !== 'wait-idle' || idle !== undefined);
}
