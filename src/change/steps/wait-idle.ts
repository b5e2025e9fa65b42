import { duration } from '../../core/duration.js';
import type { Context, Step } from '../../ledger/context.js';
import type { IdleFacts } from '../../ledger/facts.js';
import type { IdleLimits } from '../../ledger/plan.js';
import { signalledBy } from '../../ledger/signals.js';
import { sampleActivity } from '../../openclaw/activity.js';
import { namedWork } from '../../openclaw/named-work.js';
import { reach } from '../../openclaw/reach.js';
import { readTrial } from '../../store/links.js';
import { WHO } from '../cancellation.js';
import { holdDrain, releaseDrain } from '../drain-lease.js';
import { countDown, recordWait, untilClosed } from '../idle-wait.js';
import { redactorOf } from '../redaction.js';
import { nameRefusedPeers } from '../refused-peers.js';

/** Milliseconds for the first sample, which decides if the step waits at all; a busy gateway answers late. */
const FIRST_LOOK_MS = 5000;

/** Waits, as nothing is replaced yet; limited, as some work never ends and a stopped gateway drains anyway. */
export const waitIdle: Step = {
  name: 'wait-idle',
  skip({ root, change }) {
    if (!change.plan.idle) return 'not waited for, as planned';
    const { from, to } = change.facts;
    return from === to && readTrial(root) === null ? `${to} is what runs, if anything does` : null;
  },
  async do(context) {
    const { change, supervisor } = context;
    const limits = change.plan.idle ?? { withinMs: 0, countdownMs: 0 };
    const inspection = await supervisor.inspect();
    if (inspection.pid === null) return `no gateway runs (${inspection.state}): nothing to wait for`;
    const reached = await reach(inspection);
    const { endpoint } = reached;
    const begun = performance.now();
    // A draining gateway does not tell of its clients, and people can still cancel.
    const [busy] = await Promise.all([
      sampleActivity(endpoint, FIRST_LOOK_MS),
      nameRefusedPeers(context, endpoint),
    ]);
    const facts = announce(context, limits, busy);
    // Asked once: a gateway that hangs must not delay a rollback again and again.
    let mayDrain = facts.busy !== null;
    const close = async () => {
      const left = mayDrain ? await holdDrain(context, reached, inspection) : null;
      mayDrain = left !== null;
      return left;
    };
    let how = await untilClosed(context, facts, { endpoint, begun, close });
    const waitedMs = performance.now() - begun;
    if (how !== 'skipped') how = await countDown(context, facts, endpoint, limits, how);
    facts.outcome = how;
    // Also after a countdown and for `restart-now`: what comes between here and the restart would be cut off.
    if (!change.facts.drain) facts.busy = (await close()) ?? facts.busy;
    if (facts.busy && facts.busy.length > 0) {
      const named = change.facts.drain?.named ?? (await namedWork(endpoint, redactorOf(inspection)));
      facts.interruptedWork = [...facts.busy, ...named];
    }
    return describe(context, facts, waitedMs);
  },
  undo: releaseDrain,
};

export function previewIdle({ change }: Context): string {
  const { withinMs, countdownMs, giveUp } = change.plan.idle ?? { withinMs: 0, countdownMs: 0 };
  const end = giveUp ? ', then gives up' : '';
  const countdown = countdownMs > 0 ? `, then counts down ${countdownMs / 1000} s` : '';
  return `would wait up to ${withinMs / 1000} s for the gateway to be idle${end}${countdown}`;
}

function announce(context: Context, { withinMs }: IdleLimits, busy: string[] | null): IdleFacts {
  const now = Date.now();
  const facts: IdleFacts = {
    announcedAt: new Date(now).toISOString(),
    deadlineAt: new Date(now + withinMs).toISOString(),
    restartAt: null,
    busy,
  };
  recordWait(context, facts);
  return facts;
}

function describe(
  { root, change }: Context,
  { outcome: how, busy, restartAt }: IdleFacts,
  waitedMs: number,
): string {
  const after = `after ${duration(waitedMs)}`;
  const cut = busy && busy.length > 0 ? `, cutting off ${busy.join(', ')}` : '';
  const countdown = restartAt === null ? '' : ', and counted down';
  switch (how) {
    case 'skipped':
      return `skipped, as ${WHO[signalledBy(root, change.id, 'restart-now') ?? 'person']} asked${cut}`;
    case 'deadline':
      return `still busy ${after}${countdown}${cut}`;
    case 'idle':
      return `idle ${after}${countdown}${cut}`;
    default:
      return `it does not tell how busy it is, so it was not waited for${countdown}`;
  }
}
