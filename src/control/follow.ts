import { recover } from '../change/run.js';
import { waitingOf, waitingProgress } from '../change/waiting.js';
import { ReleasesError } from '../core/errors.js';
import { isAlive } from '../host/process.js';
import { waitUntil } from '../host/wait.js';
import { Interruption, type Observer } from '../ledger/context.js';
import type { Environment } from '../ledger/environment.js';
import { type Change, readChange } from '../ledger/ledger.js';

const POLL_MS = 200;

/** Milliseconds; longer than any change takes whose process is healthy. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * Shows a change of another process until its verdict, and recovers it if that process dies. Passes Ctrl-C on to that
 * process; any other end of this one, such as the restart that it follows, leaves the change alone.
 * @throws ReleasesError `interrupted` when this process must end and the change continues, `timed_out` after a day
 */
export async function followChange(environment: Environment, id: string): Promise<Change> {
  const { root, signal, observer } = environment;
  const shown = new Map<string, string>();
  let passedOn = false;
  const ended = await waitUntil({ withinMs: LONGEST_MS, everyMs: POLL_MS }, async () => {
    const change = readChange(root, id);
    show(change, shown, observer);
    if (change.endedAt !== null) return change;
    if (signal?.aborted && !passedOn) {
      if (!isCtrlC(signal)) throw leaving(id);
      process.kill(change.owner.pid, 'SIGINT');
      passedOn = true;
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

function isCtrlC({ reason }: AbortSignal): boolean {
  return reason instanceof Interruption && reason.by === 'SIGINT';
}

function leaving(id: string): ReleasesError {
  return new ReleasesError('interrupted', `${id} continues; only following it has ended.`, {
    hint: 'openclaw-releases status --follow',
    untouched: '',
  });
}

/** Another process may be recovering the change now. */
function throwUnlessLocked(error: unknown): void {
  if (!(error instanceof ReleasesError) || error.code !== 'locked') throw error;
}

function show(change: Change, shown: Map<string, string>, observer: Observer | undefined): void {
  for (const step of change.steps) {
    if (shown.get(step.name) === step.state) continue;
    shown.set(step.name, step.state);
    observer?.step?.(step, change);
  }
  const waiting = waitingOf(change);
  if (waiting) observer?.progress?.(waitingProgress(waiting));
}
