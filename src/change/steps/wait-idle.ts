import { duration } from '../../core/duration.js';
import { ReleasesError } from '../../core/errors.js';
import { waitUntil } from '../../host/wait.js';
import type { Context, Step } from '../../ledger/context.js';
import type { IdleFacts } from '../../ledger/facts.js';
import { stepOf } from '../../ledger/ledger.js';
import type { IdleLimits } from '../../ledger/plan.js';
import { signalledBy } from '../../ledger/signals.js';
import { sampleActivity } from '../../openclaw/activity.js';
import type { Endpoint } from '../../openclaw/endpoint.js';
import { reach } from '../../openclaw/reach.js';
import { readTrial } from '../../store/links.js';
import { WHO } from '../cancellation.js';
import { saveIntent } from '../saving.js';
import { waitingProgress } from '../waiting.js';

/** Milliseconds between two samples. Two in a row must be idle, because one may fall between two pieces of work. */
const LOOK_MS = 1000;

/** Milliseconds for the first sample, which decides if the step waits at all; a busy gateway answers late. */
const FIRST_LOOK_MS = 5000;

/** Milliseconds between two checks for `restart-now`. */
const WISH_MS = 200;

/** Unanswered samples before `unknown`: a gateway that answered before may only be too busy. */
const SILENT_LOOKS = 3;

type How = NonNullable<IdleFacts['outcome']>;

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
    const { endpoint } = await reach(inspection);
    const begun = performance.now();
    const facts = announce(context, limits, await sampleActivity(endpoint, FIRST_LOOK_MS));
    const how = await untilIdle(context, facts, endpoint, begun + limits.withinMs, limits.quietMs);
    if (how === 'deadline' && limits.giveUp) throw stillBusy(context, facts, limits);
    const waitedMs = performance.now() - begun;
    facts.outcome = how === 'skipped' ? how : await countDown(context, facts, endpoint, limits, how);
    if (facts.busy && facts.busy.length > 0) facts.interruptedWork = facts.busy;
    return describe(context, facts, waitedMs);
  },
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
  record(context, facts);
  return facts;
}

function record(context: Context, facts: IdleFacts): void {
  context.change.facts.idle = facts;
  saveIntent(context, stepOf(context.change, 'wait-idle'));
}

/** @param deadline on the clock of `performance.now` */
async function untilIdle(
  context: Context,
  facts: IdleFacts,
  endpoint: Endpoint,
  deadline: number,
  quietMs = 0,
): Promise<How> {
  let silent = facts.busy === null ? SILENT_LOOKS : 0;
  let idleSince: number | null = null;
  const isIdle = () => silent === 0 && facts.busy?.length === 0;
  const verdict = (): How | null => {
    if (silent >= SILENT_LOOKS) return 'unknown';
    const isQuiet = isIdle() && idleSince !== null && performance.now() - idleSince >= quietMs;
    if (isQuiet) return 'idle';
    return isSkipped(context) ? 'skipped' : null;
  };
  let leftMs = deadline - performance.now();
  for (; leftMs > 0; leftMs = deadline - performance.now()) {
    const how = verdict();
    if (how) return how;
    idleSince = isIdle() ? (idleSince ?? performance.now()) : null;
    await pause(context, facts, Math.min(LOOK_MS, leftMs));
    const busy = await sampleActivity(endpoint);
    silent = busy === null ? silent + 1 : 0;
    facts.busy = busy ?? (silent >= SILENT_LOOKS ? null : facts.busy);
  }
  return verdict() ?? (isIdle() ? 'idle' : 'deadline');
}

/** Announces the restart until the end; it cuts off any work that is still active then. */
async function countDown(
  context: Context,
  facts: IdleFacts,
  endpoint: Endpoint,
  { countdownMs }: IdleLimits,
  how: How,
): Promise<How> {
  if (countdownMs <= 0) return how;
  const end = performance.now() + countdownMs;
  facts.restartAt = new Date(Date.now() + countdownMs).toISOString();
  record(context, facts);
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
