import type { UnitAddress } from '../supervisor/systemd/systemctl.js';

/** Every step there is, in the one order in which they run. */
export const STEP_NAMES = [
  'resolve',
  'check-space',
  'stage',
  'copy',
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
] as const;

export type StepName = (typeof STEP_NAMES)[number];

export type ChangeKind = 'stage' | 'update' | 'switch' | 'rollback' | 'adopt' | 'unadopt';

/** How long to wait for what; all in milliseconds. */
export interface Limits {
  /** How long the new process must stay healthy before it counts as verified. */
  settleMs: number;
  /** What a gateway that shows no progress is given to become ready, at least. */
  readyFloorMs: number;
  /** What a gateway that does progress is given, at most. */
  readyCeilingMs: number;
  /** What the release's own tools are given to bring plugins along. */
  pluginsMs?: number;
}

export const DEFAULT_LIMITS = {
  settleMs: 10_000,
  readyFloorMs: 60_000,
  readyCeilingMs: 600_000,
  pluginsMs: 120_000,
} as const satisfies Limits;

/**
 * How a staged release is tried before anything points at it: it says its `version`; or it is started as well, on a
 * copy of the state (`boot`), which `auto` does where there is memory and isolation for it.
 */
export const PROBES = ['version', 'boot', 'auto'] as const;

export type Probe = (typeof PROBES)[number];

/**
 * What a rollback does with the gateway's state. `ask`: nothing where the target reads it as it is; otherwise a
 * person decides. `restore`: it goes back with the code, and the newer one is set aside. `keep`: only the code goes.
 */
export type StateChoice = 'ask' | 'restore' | 'keep';

/** Who asked: a person at the command line, the gateway on behalf of somebody, or the timer. */
export type Asker = 'person' | 'gateway' | 'timer';

/** How the gateway is given time to become idle before it is restarted; all in milliseconds. */
export interface IdleLimits {
  /** How long to wait for it at most; 0 does not wait. */
  withinMs: number;
  /** From the moment it is idle, or is not waited for any more, until the restart; announced, and can be stopped. */
  countdownMs: number;
  /** How long it must have been idle; two looks when absent. */
  quietMs?: number;
  /** When it is still busy after that time, end the change before the switch instead of going on. */
  giveUp?: boolean;
}

/**
 * How long each of them waits where nobody says, in milliseconds. A person sits there; five minutes is what OpenClaw
 * itself defers a restart for. Going back is not waited for: something is broken.
 */
export const IDLE_WITHIN_MS = { person: 60_000, gateway: 300_000, rollback: 0 } as const;

/** What will be done, as plain data: `--dry-run` prints it and the engine runs it. */
export interface Plan {
  kind: ChangeKind;
  /** What was asked for: a version, a tag, an archive, or the id of a release that is here already. */
  target: string;
  steps: StepName[];
  limits: Limits;
  /** Dependencies whose install scripts may run. */
  allowScripts: string[];
  /** An exact lockfile to install from; null for the one that the root keeps of that version, if it does. */
  lockfile: string | null;
  /** Dependencies are looked up anew, whatever the root keeps. */
  anew?: boolean;
  /** How a staged release is tried; `version` when absent. */
  probe?: Probe;
  /** Whether a copy of the state is kept; absent in older records, which means so. */
  snapshot?: boolean;
  /** `rollback` only: what becomes of a state that the target cannot read; `ask` when absent. */
  state?: StateChoice;
  /** Who asked; a person when absent. */
  initiator?: Asker;
  /** Absent: the step `idle` is left out; the restart is neither announced nor waited for. */
  idle?: IdleLimits;
  /** Milliseconds from its beginning after which a change that is not proven is undone; absent: no end. */
  timeoutMs?: number;
  /** End a gateway of this user that holds the port outside of the supervisor. */
  evictOrphan: boolean;
  /** The unit that is adopted or left; null for whatever the root's own record says. */
  unit: UnitAddress | null;
  /** In place of npm's configured registry; null for that one. */
  registry: string | null;
}

/** What may be chosen of a plan; `planChange` has the defaults. */
export interface PlanOptions
  extends Partial<Omit<Plan, 'kind' | 'target' | 'steps' | 'limits' | 'unit' | 'registry'>> {
  limits?: Partial<Limits>;
  unit?: UnitAddress;
  registry?: string;
  /** Repoint only, and leave the restart to whoever restarts next. */
  restart?: boolean;
}

const STEPS: Record<ChangeKind, StepName[]> = {
  stage: ['resolve', 'check-space', 'stage', 'probe', 'seal'],
  update: [
    'resolve',
    'check-space',
    'stage',
    'probe',
    'seal',
    'wait-idle',
    'baseline',
    'snapshot',
    'switch',
    'restart',
    'verify',
    'plugins',
    'commit',
    'prune',
  ],
  switch: ['wait-idle', 'baseline', 'snapshot', 'switch', 'restart', 'verify', 'plugins', 'commit'],
  rollback: ['wait-idle', 'baseline', 'switch', 'restart', 'verify', 'commit'],
  adopt: ['check-space', 'copy', 'probe', 'seal', 'baseline', 'attach', 'restart', 'verify', 'commit'],
  unadopt: ['baseline', 'detach', 'restart', 'verify'],
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
    ...(options.anew && { anew: true }),
    probe: options.probe ?? 'auto',
    snapshot: options.snapshot ?? true,
    state: options.state ?? 'ask',
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
