import { ReleasesError } from '../core/errors.js';
import { Interruption, onInterruption } from '../core/interrupted.js';
import type { Context, Observer } from '../ledger/context.js';
import { type Change, isProven, stepOf } from '../ledger/ledger.js';
import type { Initiator, StepName } from '../ledger/plan.js';
import { signalledBy } from '../ledger/signals.js';
import { changeCommand } from '../store/pack-target.js';

/** Own time limit for the undo, which restarts a gateway and waits for it, however long the change already took. */
export const UNDO_BUDGET_MS = 15 * 60_000;

const LOOK_MS = 300;

/** Steps after whose start a change cannot be cancelled: going back is then a rollback, which is another change. */
const SWITCHES: ReadonlySet<StepName> = new Set<StepName>(['switch', 'attach', 'detach']);

export const WHO: Record<Initiator, string> = {
  person: 'a person',
  gateway: 'somebody at the gateway',
  timer: 'the timer',
};

export interface CancelWatch {
  /** Aborted on `cancel`, with an `interrupted` error as its reason. */
  signal: AbortSignal;
  end(): void;
}

/** Polls for `cancel` until `end`, which the caller must call before the switch: a later signal is too late. */
export function watchForStop({ root, change }: Pick<Context, 'root' | 'change'>): CancelWatch {
  const stop = new AbortController();
  const look = () => {
    const by = signalledBy(root, change.id, 'cancel');
    if (by === null) return;
    change.facts.stoppedBy = by;
    stop.abort(cancelled(change, `by ${WHO[by]}`));
  };
  const timer = setInterval(look, LOOK_MS).unref();
  let ended = false;
  return {
    signal: stop.signal,
    end() {
      if (!ended) look();
      ended = true;
      clearInterval(timer);
    },
  };
}

export function isSwitch(name: StepName): boolean {
  return SWITCHES.has(name);
}

export function canBeCancelled(change: Change): boolean {
  return change.endedAt === null && change.error === null && !change.steps.some(({ name }) => isSwitch(name));
}

const SIGNALS: Partial<Record<NodeJS.Signals, string>> = {
  SIGINT: 'Ctrl-C',
  SIGHUP: 'the terminal was closed',
};

/** Error of an aborted change: from `cancel` or a time limit as it is, else for the signal that this process got. */
export function whyAborted(change: Change, { reason }: AbortSignal, cause: unknown): ReleasesError {
  if (reason instanceof ReleasesError) return reason;
  if (reason instanceof Interruption) {
    const { initiator = 'person' } = change.plan;
    const how = SIGNALS[reason.by] ?? reason.by;
    return cancelled(change, initiator === 'person' ? `by you (${how})` : `by ${reason.by}`);
  }
  return new ReleasesError('interrupted', 'The change was interrupted and has been undone.', {
    hint: 'openclaw-releases status',
    cause,
  });
}

function cancelled(change: Change, by: string): ReleasesError {
  const { plan, facts } = change;
  const isHere = stepOf(change, 'seal')?.state === 'done' || facts.alreadyStaged === true;
  const stays = isHere && facts.to !== null ? ` ${facts.to} stays staged.` : '';
  return new ReleasesError('interrupted', `Cancelled ${by}.`, {
    untouched: `Nothing that runs was changed.${stays}`,
    hint: `${changeCommand(plan.kind, (stays && facts.to) || plan.target)}, to do it after all`,
  });
}

/** Tells the operator the effect of each signal, because an undo can take minutes. */
export function announceSignals(
  { change, signal }: Pick<Context, 'change' | 'signal'>,
  observer: Observer,
): void {
  onInterruption(
    signal,
    (by) =>
      observer.note?.(
        isProven(change)
          ? `${by}: ${change.facts.to} is verified already, so it stays; only the tidying is left.`
          : `${by}: cancelling. What was begun is undone first.`,
      ),
    () => observer.note?.('Please wait: another signal hastens nothing, because half an undo would be left.'),
  );
}
