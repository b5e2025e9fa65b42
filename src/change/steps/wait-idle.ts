import { setTimeout } from 'node:timers/promises';
import { ReleasesError } from '../../core/errors.js';
import type { Context, Step } from '../../ledger/context.js';
import type { IdleFacts } from '../../ledger/facts.js';
import { stepOf } from '../../ledger/ledger.js';
import type { IdleLimits } from '../../ledger/plan.js';
import { signalledBy } from '../../ledger/signals.js';
import { sampleActivity } from '../../openclaw/activity.js';
import { type Endpoint, findEndpoint } from '../../openclaw/endpoint.js';
import { readTrial } from '../../store/links.js';
import { WHO } from '../cancellation.js';
import { saveIntent } from '../engine.js';
import { waitingProgress } from '../waiting.js';

/** Between two looks at the gateway. One idle moment may lie between two pieces of work: two in a row count. */
const LOOK_MS = 1000;

/** What the first look is given, as it alone decides whether to wait at all: work may keep a gateway from answering. */
const FIRST_LOOK_MS = 5000;

/** Between two looks at whether somebody wants it sooner. */
const WISH_MS = 200;

/** A gateway that told before, and does not now, may only be too busy to answer. */
const SILENT_LOOKS = 3;

type How = NonNullable<IdleFacts['outcome']>;

/**
 * Announces the restart, waits for the gateway to be idle, and counts down. Nothing is replaced yet, so waiting costs
 * nothing; it is bounded all the same, since some work never ends, and the gateway drains by itself when it is stopped.
 */
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
    const endpoint = findEndpoint(inspection.launch);
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

/** What it would do, before anything happens; a sentence for people. */
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

/** Whoever looks from another process is told at these moments. */
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
  for (;;) {
    const isIdle = silent === 0 && facts.busy?.length === 0;
    if (silent >= SILENT_LOOKS) return 'unknown';
    const isQuiet = isIdle && idleSince !== null && performance.now() - idleSince >= quietMs;
    if (isQuiet) return 'idle';
    if (isSkipped(context)) return 'skipped';
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return isIdle ? 'idle' : 'deadline';
    idleSince = isIdle ? (idleSince ?? performance.now()) : null;
    await pause(context, facts, Math.min(LOOK_MS, leftMs));
    const busy = await sampleActivity(endpoint);
    silent = busy === null ? silent + 1 : 0;
    facts.busy = busy ?? (silent >= SILENT_LOOKS ? null : facts.busy);
  }
}

/** Announced until its very end; whatever is under way by then is cut off. */
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

/** Ends early when somebody wants it sooner; a stop, like a Ctrl-C, throws. */
async function pause(context: Context, facts: IdleFacts, ms: number): Promise<void> {
  const end = performance.now() + ms;
  const { text, leftMs } = waitingProgress(facts);
  context.progress(text, undefined, undefined, leftMs);
  for (let left = ms; left > 0 && !isSkipped(context); left = end - performance.now()) {
    // Who has aborted it is more to read than that it was.
    const { signal } = context;
    await setTimeout(Math.min(WISH_MS, left), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function describe(
  { root, change }: Context,
  { outcome: how, busy, restartAt }: IdleFacts,
  waitedMs: number,
): string {
  const after = `after ${(waitedMs / 1000).toFixed(1)} s`;
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
    `The gateway was still busy after ${Math.round(withinMs / 1000)} s, with ${what}, and was not restarted.`,
    {
      untouched: `Nothing that runs was changed. ${facts.to} stays staged.`,
      hint: `openclaw-releases ${plan.kind} ${facts.to} --idle-timeout 0, to restart it all the same`,
    },
  );
}
