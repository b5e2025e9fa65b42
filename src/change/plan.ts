/** Every step there is, in the one order in which they run. */
export const STEP_NAMES = [
  'resolve',
  'reserve',
  'stage',
  'probe',
  'seal',
  'baseline',
  'switch',
  'restart',
  'verify',
  'bless',
  'collect',
] as const;

export type StepName = (typeof STEP_NAMES)[number];

export type ChangeKind = 'stage' | 'update' | 'switch' | 'rollback';

/** How long to wait for what; all in milliseconds. */
export interface Limits {
  /** How long the new process must stay healthy before it counts as verified. */
  settleMs: number;
  /** What a gateway that shows no progress is given to become ready, at least. */
  readyFloorMs: number;
  /** What a gateway that does progress is given, at most. */
  readyCeilingMs: number;
}

export const DEFAULT_LIMITS: Limits = { settleMs: 10_000, readyFloorMs: 60_000, readyCeilingMs: 600_000 };

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
  /** Proceed although the databases' declared versions differ. */
  allowSchemaChange: boolean;
}

export interface PlanOptions {
  limits?: Partial<Limits>;
  allowScripts?: string[];
  lockfile?: string | null;
  allowSchemaChange?: boolean;
  /** Repoint only, and leave the restart to whoever restarts next. */
  restart?: boolean;
}

const STEPS: Record<ChangeKind, StepName[]> = {
  stage: ['resolve', 'reserve', 'stage', 'probe', 'seal'],
  update: [...STEP_NAMES],
  switch: ['baseline', 'switch', 'restart', 'verify', 'bless'],
  rollback: ['baseline', 'switch', 'restart', 'verify', 'bless'],
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
    allowSchemaChange: options.allowSchemaChange ?? false,
  };
}
