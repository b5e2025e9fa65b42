import { duration } from '../core/duration.js';
import { ReleasesError } from '../core/errors.js';
import { waitUntil } from '../host/wait.js';
import type { Context } from '../ledger/context.js';
import type { IdleFacts } from '../ledger/facts.js';
import { stepOf } from '../ledger/ledger.js';
import type { IdleLimits } from '../ledger/plan.js';
import { signalledBy } from '../ledger/signals.js';
import { sampleActivity } from '../openclaw/activity.js';
import { sampleDrain } from '../openclaw/drain.js';
import type { Endpoint } from '../openclaw/endpoint.js';
import { saveIntent } from './saving.js';
import { waitingProgress } from './waiting.js';

/** Milliseconds between two samples. Two in a row must be idle, because one may fall between two pieces of work. */
const LOOK_MS = 1000;

/** Milliseconds between two checks for `restart-now`. */
const WISH_MS = 200;

/** Last milliseconds of a wait, in which a gateway takes no new work if it can refuse it. */
const DRAIN_MS = 60_000;

/** Unanswered samples before `unknown`: a gateway that answered before may only be too busy. */
const SILENT_LOOKS = 3;

type How = NonNullable<IdleFacts['outcome']>;

/** Writes down where the wait is, for everybody who follows it. */
export function recordWait(context: Context, facts: IdleFacts): void {
  context.change.facts.idle = facts;
  saveIntent(context, stepOf(context.change, 'wait-idle'));
}

interface Closing {
  endpoint: Endpoint;
  /** On the clock of `performance.now`. */
  begun: number;
  /** Lets the gateway take no new work; null when it cannot. */
  close(): Promise<string[] | null>;
}

/**
 * Waits with an open gateway first, so that people can work and cancel, and then with a draining one. A wait that ends
 * with a countdown, or may end without a restart, stays open.
 */
export async function untilClosed(
  context: Context,
  facts: IdleFacts,
  { endpoint, begun, close }: Closing,
): Promise<How> {
  const limits = context.change.plan.idle ?? { withinMs: 0, countdownMs: 0 };
  const deadline = begun + limits.withinMs;
  const staysOpen = limits.giveUp === true || limits.countdownMs > 0;
  const open = {
    deadline: staysOpen ? deadline : deadline - DRAIN_MS,
    sample: () => sampleActivity(endpoint),
    quietMs: limits.quietMs ?? 0,
  };
  const how = await untilIdle(context, facts, open);
  if (how === 'deadline' && limits.giveUp) throw stillBusy(context, facts, limits);
  if (how === 'skipped' || staysOpen) return how;
  const left = await close();
  const { drain } = context.change.facts;
  if (left === null || !drain) {
    const isSure = how === 'unknown' || (how === 'idle' && open.deadline > begun);
    return isSure ? how : untilIdle(context, facts, { ...open, deadline });
  }
  facts.busy = left;
  const sample = () => sampleDrain(endpoint, drain.lease);
  return untilIdle(context, facts, { deadline, sample, quietMs: null });
}

interface Looks {
  /** On the clock of `performance.now`. */
  deadline: number;
  sample(): Promise<string[] | null>;
  /** Milliseconds between two idle samples; null where nothing can begin after the first. */
  quietMs: number | null;
}

async function untilIdle(
  context: Context,
  facts: IdleFacts,
  { deadline, sample, quietMs }: Looks,
): Promise<How> {
  let silent = facts.busy === null ? SILENT_LOOKS : 0;
  let idleSince: number | null = null;
  const isIdle = () => silent === 0 && facts.busy?.length === 0;
  const verdict = (): How | null => {
    if (silent >= SILENT_LOOKS) return 'unknown';
    const isQuiet = idleSince !== null && performance.now() - idleSince >= (quietMs ?? 0);
    if (isIdle() && (isQuiet || quietMs === null)) return 'idle';
    return isSkipped(context) ? 'skipped' : null;
  };
  let leftMs = deadline - performance.now();
  for (; leftMs > 0; leftMs = deadline - performance.now()) {
    const how = verdict();
    if (how) return how;
    idleSince = isIdle() ? (idleSince ?? performance.now()) : null;
    await pause(context, facts, Math.min(LOOK_MS, leftMs));
    const busy = await sample();
    silent = busy === null ? silent + 1 : 0;
    facts.busy = busy ?? (silent >= SILENT_LOOKS ? null : facts.busy);
  }
  return verdict() ?? (isIdle() ? 'idle' : 'deadline');
}

/** Announces the restart until the end; it cuts off any work that is still active then. */
export async function countDown(
  context: Context,
  facts: IdleFacts,
  endpoint: Endpoint,
  { countdownMs }: IdleLimits,
  how: How,
): Promise<How> {
  if (countdownMs <= 0) return how;
  const end = performance.now() + countdownMs;
  facts.restartAt = new Date(Date.now() + countdownMs).toISOString();
  recordWait(context, facts);
  let left = countdownMs;
  for (; left > 0 && !isSkipped(context); left = end - performance.now()) {
    await pause(context, facts, Math.min(LOOK_MS, left));
  }
  facts.busy = await sampleActivity(endpoint);
  return left > 0 ? 'skipped' : how;
}

function isSkipped({ root, change }: Context): boolean {
  return signalledBy(root, change.id, 'restart-now') !== null;
}

/** Returns early on `restart-now`; throws on `cancel` and Ctrl-C. */
async function pause(context: Context, facts: IdleFacts, ms: number): Promise<void> {
  const { text, leftMs } = waitingProgress(facts);
  context.progress(text, undefined, undefined, leftMs);
  const limits = { withinMs: ms, everyMs: WISH_MS, signal: context.signal };
  await waitUntil(limits, () => isSkipped(context));
}

function stillBusy({ change }: Context, { busy }: IdleFacts, { withinMs }: IdleLimits): ReleasesError {
  const { plan, facts } = change;
  const what = busy?.join(', ') || 'something';
  return new ReleasesError(
    'gateway_busy',
    `The gateway was still busy after ${duration(withinMs)}, with ${what}, and was not restarted.`,
    {
      untouched: `Nothing that runs was changed. ${facts.to} stays staged.`,
      hint: `openclaw-releases ${plan.kind} ${facts.to} --idle-timeout 0, to restart it all the same`,
    },
  );
}
