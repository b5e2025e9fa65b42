import { recover } from '../change/run.js';
import { waitingOf, waitingProgress } from '../change/waiting.js';
import { ReleasesError } from '../core/errors.js';
import { Interruption } from '../core/interrupted.js';
import { isAlive } from '../host/process.js';
import { waitUntil } from '../host/wait.js';
import type { Observer } from '../ledger/context.js';
import type { Environment } from '../ledger/environment.js';
import { type Change, readChange } from '../ledger/ledger.js';
import { readProgress } from '../ledger/progress.js';
import type { Root } from '../store/root.js';

const POLL_MS = 200;

/** Milliseconds; longer than any change takes whose process is healthy. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * Shows a change of another process until its verdict, and recovers it if that process dies. A signal ends only the
 * following: SIGTERM may come from the restart that is followed.
 * @param cancels passes the first Ctrl-C on to that process, which then undoes its steps
 * @throws ReleasesError `interrupted` when this process must end and the change continues, `timed_out` after a day
 */
export async function followChange(
  environment: Environment,
  id: string,
  { cancels }: { cancels: boolean },
): Promise<Change> {
  const { root, signal, observer } = environment;
  const shown = new Map<string, string>();
  let passedOn = false;
  observer?.note?.(
    cancels
      ? 'Ctrl-C cancels the change; a second Ctrl-C only stops following it.'
      : `Ctrl-C stops following; ${id} continues. To end it: openclaw-releases cancel`,
  );
  const ended = await waitUntil({ withinMs: LONGEST_MS, everyMs: POLL_MS }, async () => {
    const change = readChange(root, id);
    show(root, change, shown, observer);
    if (change.endedAt !== null) return change;
    const reason: unknown = signal?.reason;
    if (reason instanceof Interruption) {
      if (!cancels || reason.by !== 'SIGINT' || reason.again.aborted) throw leaving(id, reason);
      if (!passedOn && passOn(change)) {
        passedOn = true;
        observer?.note?.('SIGINT: cancelling. What was begun is undone first; Ctrl-C again stops following.');
      }
    }
    if (!isAlive(change.owner)) {
      await recover({ ...environment, signal: new AbortController().signal }).catch(throwUnlessLocked);
    }
    return null;
  });
  if (ended) return ended;
  throw new ReleasesError('timed_out', `${id} has no verdict after a day; only following it has ended.`, {
    hint: 'openclaw-releases status',
    untouched: '',
  });
}

/** Returns false while no worker is there: its claim comes a moment before its name. */
function passOn({ owner }: Change): boolean {
  if (owner.pid === process.pid || !isAlive(owner)) return false;
  try {
    return process.kill(owner.pid, 'SIGINT');
  } catch {
    return false;
  }
}

function leaving(id: string, cause: Interruption): ReleasesError {
  return new ReleasesError('interrupted', `${id} continues; only following it has ended.`, {
    hint: 'openclaw-releases status --follow',
    untouched: '',
    cause,
  });
}

/** Another process may be recovering the change now. */
function throwUnlessLocked(error: unknown): void {
  if (!(error instanceof ReleasesError) || error.code !== 'locked') throw error;
}

function show(root: Root, change: Change, shown: Map<string, string>, observer: Observer | undefined): void {
  for (const step of change.steps) {
    if (shown.get(step.name) === step.state) continue;
    shown.set(step.name, step.state);
    observer?.step?.(step, change);
  }
  const waiting = waitingOf(change);
  const progress = waiting ? waitingProgress(waiting) : readProgress(root, change.id);
  if (progress && progress.step === change.steps.at(-1)?.name) observer?.progress?.(progress);
}
