import type { IdleFacts } from '../ledger/facts.js';
import { type Change, stepOf } from '../ledger/ledger.js';
import type { Progress } from '../ledger/progress.js';

/** The wait before the restart, as recorded; null if the change does not wait now. */
export function waitingOf(change: Change): IdleFacts | null {
  const { idle } = change.facts;
  const waits = stepOf(change, 'wait-idle')?.state === 'doing' && change.endedAt === null;
  return waits && idle && idle.outcome === undefined ? idle : null;
}

export function waitingProgress({ busy, deadlineAt, restartAt }: IdleFacts, now = Date.now()): Progress {
  const leftMs = Math.max(0, Date.parse(restartAt ?? deadlineAt) - now);
  return { step: 'wait-idle', text: waitingText({ busy, restartAt }), leftMs };
}

export function waitingText({ busy, restartAt }: Pick<IdleFacts, 'busy' | 'restartAt'>): string {
  if (restartAt !== null) return 'the gateway is restarted soon';
  if (busy === null) return 'waiting for the gateway';
  return busy.length === 0 ? 'the gateway is idle, one more look' : `waiting for ${busy.join(', ')}`;
}
