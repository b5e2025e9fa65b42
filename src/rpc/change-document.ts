import { recoveryOutlook, type SeenChange } from '../control/detached/interrupted.js';
import { ERROR_CODES, type ErrorRecord, EXIT } from '../core/errors.js';
import type { Change, StepRecord } from '../ledger/ledger.js';
import { isAcknowledged } from '../ledger/ownership.js';
import type { StepName } from '../ledger/plan.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import type { ChangeDocument, Handoff, Phase, StepDocument } from './documents.js';

const PHASES: Record<StepName, Phase> = {
  resolve: 'staging',
  'check-space': 'staging',
  stage: 'staging',
  copy: 'staging',
  probe: 'staging',
  seal: 'staging',
  'wait-idle': 'waiting',
  baseline: 'restarting',
  snapshot: 'restarting',
  switch: 'restarting',
  attach: 'restarting',
  detach: 'restarting',
  restart: 'restarting',
  verify: 'verifying',
  plugins: 'verifying',
  commit: 'verifying',
  prune: 'verifying',
};

const UNDER_WAY = new Set<StepRecord['state']>(['doing', 'undoing']);

/** Reports a change in the gateway's words, and no active step once its owner is dead. */
export function changeDocument(root: Root, { change, ownerDied: isDead }: SeenChange): ChangeDocument {
  const { id, plan, facts, steps, error, undoError, startedAt, endedAt, warnings } = change;
  const last = steps.findLast(({ state }) => UNDER_WAY.has(state)) ?? steps.at(-1);
  const isOver = endedAt !== null;
  return {
    status: change.status ?? (isDead ? 'interrupted' : 'running'),
    step: isOver || isDead ? null : (last?.name ?? null),
    phase: isOver ? 'finished' : last ? PHASES[last.name] : 'requested',
    goingBack: !isOver && error !== null,
    change: id,
    ...{ kind: plan.kind, target: plan.target, startedAt, endedAt },
    to: facts.to,
    before: { version: versionOf(root, facts.from) },
    after: { version: versionOf(root, leftRunning(change)) },
    steps: steps.map((step) => stepDocument(step, error)),
    reason: error?.code ?? (isDead ? 'interrupted' : null),
    ...{ error: error ?? (isDead ? deathOf(change) : null), undoError },
    nextAction: isDead ? `${recoveryOutlook(change)} Next: openclaw-releases recover` : null,
    downtimeMs: downtimeOf(change),
    handoff: handoffOf(root, change, isDead),
    idle: facts.idle ?? null,
    warnings,
  };
}

function stepDocument(step: StepRecord, error: ErrorRecord | null): StepDocument {
  const { name, state, startedAt, ms, note } = step;
  const failed = state === 'failed' && error ? EXIT[ERROR_CODES[error.code]] : null;
  return {
    ...{ name, state, startedAt },
    durationMs: ms ?? null,
    exitCode: state === 'done' ? EXIT.success : failed,
    note: note ?? null,
  };
}

/** Version for people, or the id of a release that is not here any more. */
export function versionOf(root: Root, release: string | null): string | null {
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

/** Null after a failure: only the way to the new release was measured, and the outage is longer. */
function downtimeOf({ error, facts }: Change): number | null {
  return error === null ? (facts.liveMs ?? null) : null;
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
