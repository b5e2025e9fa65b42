import type { UnitAddress } from '../supervisor/systemctl.js';

/** Every step there is, in the one order in which they run. */
export const STEP_NAMES = [
  'resolve',
  'reserve',
  'stage',
  'copy',
  'probe',
  'seal',
  'baseline',
  'snapshot',
  'switch',
  'attach',
  'detach',
  'restart',
  'verify',
  'plugins',
  'bless',
  'collect',
] as const;

export type StepName = (typeof STEP_NAMES)[number];

export type ChangeKind = 'stage' | 'update' | 'switch' | 'rollback' | 'adopt' | 'leave';

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

/** What will be done, as plain data: `--dry-run` prints it and the engine runs it. */
export interface Plan {
  kind: ChangeKind;
  /** What was asked for: a version, a tag, an archive, or the id of a release that is here already. */
  target: string;
  steps: StepName[];
  limits: Limits;
  /** Dependencies whose install scripts may run. */
  allowScripts: string[];
  /** An exact lockfile to install from, or null to resolve anew. */
  lockfile: string | null;
  /** How a staged release is tried; `version` when absent. */
  probe?: Probe;
  /** Whether a copy of the state is kept; absent in older records, which means so. */
  snapshot?: boolean;
  /** `rollback` only: what becomes of a state that the target cannot read; `ask` when absent. */
  state?: StateChoice;
  /** End a gateway of this user that holds the port outside of the supervisor. */
  evictOrphan: boolean;
  /** The unit that is adopted or left; null for whatever the root's own record says. */
  unit: UnitAddress | null;
  /** In place of npm's configured registry; null for that one. */
  registry: string | null;
}

export interface PlanOptions {
  limits?: Partial<Limits>;
  allowScripts?: string[];
  lockfile?: string | null;
  probe?: Probe;
  snapshot?: boolean;
  state?: StateChoice;
  evictOrphan?: boolean;
  unit?: UnitAddress;
  registry?: string;
  /** Repoint only, and leave the restart to whoever restarts next. */
  restart?: boolean;
}

const STEPS: Record<ChangeKind, StepName[]> = {
  stage: ['resolve', 'reserve', 'stage', 'probe', 'seal'],
  update: [
    'resolve',
    'reserve',
    'stage',
    'probe',
    'seal',
    'baseline',
    'snapshot',
    'switch',
    'restart',
    'verify',
    'plugins',
    'bless',
    'collect',
  ],
  switch: ['baseline', 'snapshot', 'switch', 'restart', 'verify', 'plugins', 'bless'],
  rollback: ['baseline', 'switch', 'restart', 'verify', 'bless'],
  adopt: ['reserve', 'copy', 'probe', 'seal', 'baseline', 'attach', 'restart', 'verify', 'bless'],
  leave: ['baseline', 'detach', 'restart', 'verify'],
};

/** Pure: the same request gives the same plan. */
export function planChange(kind: ChangeKind, target: string, options: PlanOptions = {}): Plan {
  return {
    kind,
    target,
    steps: options.restart === false ? ['switch'] : STEPS[kind],
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    allowScripts: options.allowScripts ?? [],
    lockfile: options.lockfile ?? null,
    probe: options.probe ?? 'auto',
    snapshot: options.snapshot ?? true,
    state: options.state ?? 'ask',
    evictOrphan: options.evictOrphan ?? false,
    unit: options.unit ?? null,
    registry: options.registry ?? null,
  };
}
