import { ERROR_CODES, type ErrorCode, type ErrorRecord, EXIT } from '../core/errors.js';
import type { Facts, IdleFacts, Outage } from '../ledger/facts.js';
import {
  type Change,
  type ChangeStatus,
  findChange,
  type Recovery,
  type StepRecord,
  type StepState,
} from '../ledger/ledger.js';
import { hasLiveOwner, isAcknowledged } from '../ledger/ownership.js';
import { type ChangeKind, type Initiator, STEP_TITLES, type StepName } from '../ledger/plan.js';
import { type Progress, readProgress } from '../ledger/progress.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { CHANGE_SENTENCES, notesOf, recoveryOutlook } from './change-sentences.js';
import { PHASES, type Phase } from './phase.js';
import { progressText } from './progress.js';

/** The verdict; `running` while the owner lives; `interrupted` when it died and the change is not recovered. */
export type SeenStatus = ChangeStatus | 'running' | 'interrupted';

export interface AtVersion {
  version: string | null;
}

export interface Handoff {
  /** `acknowledged`: it has claimed the change. `unavailable`: none ever did. `ended`: it has exited. */
  status: 'started' | 'acknowledged' | 'unavailable' | 'ended';
  pid: number;
  /** Command that follows its log; null when unknown. */
  command: string | null;
}

export interface StepDocument {
  name: StepName;
  /** The step in words for people. */
  title: string;
  state: StepState;
  startedAt: string;
  /** Milliseconds; null while it lasts. */
  durationMs: number | null;
  /** Exit code that a command would have: 0 for a done step, that of the error for a failed one, else null. */
  exitCode: number | null;
  note: string | null;
}

/** A change as every face shows it: without paths of the gateway's state, and without its configuration. */
export interface ChangeDocument {
  status: SeenStatus;
  /** The result for people; before the verdict, the present situation. */
  sentence: string;
  step: StepName | null;
  phase: Phase;
  /** A failed change is being undone. */
  goingBack: boolean;
  change: string;
  /** Small number for people; null in older records. */
  number: number | null;
  kind: ChangeKind;
  target: string;
  initiator: Initiator;
  startedAt: string;
  endedAt: string | null;
  from: string | null;
  to: string | null;
  before: AtVersion;
  /** Version that runs after the verdict: not `to` for a failed change; null before, and after `rollback_failed`. */
  after: AtVersion;
  steps: StepDocument[];
  reason: ErrorCode | null;
  error: ErrorRecord | null;
  undoError: ErrorRecord | null;
  recovery: Recovery | null;
  /** Result that recovery will have, and the command for it; null unless interrupted. */
  nextAction: string | null;
  /** Milliseconds from the restart request until live: the outage is at most this. Null if unknown or failed. */
  downtimeMs: number | null;
  /** Time until it was ready, in its parts. Null likewise, and where a part is not known. */
  outage: Outage | null;
  handoff: Handoff;
  idle: IdleFacts | null;
  /** Place in the present step, with its sentence; null unless active. */
  progress: (Progress & { sentence: string }) | null;
  snapshot: Facts['snapshot'] | null;
  stateRestored: Facts['stateRestored'] | null;
  /** More sentences for people: recovery, state, cut work, staging. */
  notes: string[];
  warnings: string[];
}

const UNDER_WAY = new Set<StepRecord['state']>(['doing', 'undoing']);

/** Has no active step once the owner is dead. */
export function changeDocument(root: Root, known: Change): ChangeDocument {
  // Reads again: meanwhile it may have ended, or another process may recover it.
  const change = isInterrupted(root, known) ? (findChange(root, known.id) ?? known) : known;
  const isDead = isInterrupted(root, change);
  const { id, plan, facts, steps, error, undoError, startedAt, endedAt, warnings } = change;
  const last = steps.findLast(({ state }) => UNDER_WAY.has(state)) ?? steps.at(-1);
  const isOver = endedAt !== null;
  const status = change.status ?? (isDead ? 'interrupted' : 'running');
  return {
    status,
    sentence: CHANGE_SENTENCES[status](change),
    step: isOver || isDead ? null : (last?.name ?? null),
    phase: isOver ? 'finished' : last ? PHASES[last.name] : 'requested',
    goingBack: !isOver && error !== null,
    change: id,
    number: change.number ?? null,
    kind: plan.kind,
    target: plan.target,
    initiator: plan.initiator ?? 'person',
    startedAt,
    endedAt,
    from: facts.from,
    to: facts.to,
    before: { version: versionOf(root, facts.from) },
    after: { version: versionOf(root, leftRunning(change)) },
    steps: steps.map((step) => stepDocument(step, error)),
    reason: error?.code ?? (isDead ? 'interrupted' : null),
    error: error ?? (isDead ? deathOf(change) : null),
    undoError,
    recovery: change.recovery ?? null,
    nextAction: isDead ? `${recoveryOutlook(change)} Next: openclaw-releases recover` : null,
    // After a failure only the way to the new release was measured, and the outage is longer.
    downtimeMs: error === null ? (facts.liveMs ?? null) : null,
    outage: error === null ? (facts.outage ?? null) : null,
    handoff: handoffOf(root, change, isDead),
    idle: facts.idle ?? null,
    progress: status === 'running' ? progressOf(root, change) : null,
    snapshot: facts.snapshot ?? null,
    stateRestored: facts.stateRestored ?? null,
    notes: notesOf(change),
    warnings,
  };
}

function progressOf(root: Root, { id, steps }: Change): ChangeDocument['progress'] {
  const progress = readProgress(root, id);
  if (progress?.step !== steps.at(-1)?.name) return null;
  return progress && { ...progress, sentence: progressText(progress) };
}

function isInterrupted(root: Root, change: Change): boolean {
  return change.endedAt === null && !hasLiveOwner(root, change);
}

function stepDocument(step: StepRecord, error: ErrorRecord | null): StepDocument {
  const { name, state, startedAt, ms, note } = step;
  const failed = state === 'failed' && error ? EXIT[ERROR_CODES[error.code]] : null;
  return {
    name,
    title: STEP_TITLES[name],
    state,
    startedAt,
    durationMs: ms ?? null,
    exitCode: state === 'done' ? EXIT.success : failed,
    note: note ?? null,
  };
}

function versionOf(root: Root, release: string | null): string | null {
  return release === null ? null : (findManifest(root, release)?.version ?? release);
}

function leftRunning({ status, facts }: Change): string | null {
  switch (status) {
    case 'package_updated_restart_verified':
    case 'already_current':
      return facts.to;
    case null:
    case 'rollback_failed':
      return null;
    default:
      return facts.from;
  }
}

function deathOf({ steps, owner }: Change): ErrorRecord {
  const during = steps.at(-1)?.name;
  return {
    code: 'interrupted',
    message: `Process ${owner.pid}, which made the change, ended ${during ? `during ${during}` : 'before its first step'}.`,
    hint: 'openclaw-releases recover',
  };
}

function handoffOf(root: Root, change: Change, isDead: boolean): Handoff {
  const { status, owner, endedAt } = change;
  const started = isAcknowledged(root, change) ? 'acknowledged' : 'started';
  const after = status === 'helper_never_ran' ? 'unavailable' : 'ended';
  return { status: endedAt !== null || isDead ? after : started, pid: owner.pid, command: null };
}
