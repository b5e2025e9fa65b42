import { type Candidate, chooseCandidate } from './candidate.js';
import type { Clock, GatewayFacts, HistoryEntry, PolicyFacts, RegistryFacts } from './facts.js';
import { hostRules } from './host-rules.js';
import { releaseRules } from './release-rules.js';
import type { RuleResult } from './result.js';
import type { Settings } from './settings.js';
import { iso } from './time.js';
import { timeRules } from './time-rules.js';
import { nextOpening } from './window.js';

export type Verdict = 'update' | 'wait' | 'no';

/** The rules, in the order in which they are asked and in which their reasons are given. */
export type RuleName =
  | 'disabled'
  | 'clock'
  | 'held'
  | 'changeActive'
  | 'gateway'
  | 'breaker'
  | 'registry'
  | 'available'
  | 'pinned'
  | 'skipped'
  | 'quarantined'
  | 'manualRollback'
  | 'failureBackoff'
  | 'minimumAge'
  | 'delay'
  | 'minimumInterval'
  | 'soak'
  | 'window';

export interface Vote extends RuleResult {
  rule: RuleName;
}

export interface Decision {
  verdict: Verdict;
  /** What the channel offers, also where it is not taken; null when it offers nothing. */
  version: string | null;
  /** One sentence for people. */
  reason: string;
  /** For `wait`: the earliest moment at which every rule may pass, inside a window; null when that is not known. ISO 8601. */
  until: string | null;
  /** The rule that `reason` is from; null for `update`. */
  rule: RuleName | null;
  /** Every rule's, in order. */
  votes: Vote[];
}

/** All that a decision depends on. */
export interface Input {
  settings: Settings;
  policy: PolicyFacts;
  clock: Clock;
  /** null when it was not asked, or did not answer. */
  registry: RegistryFacts | null;
  history: HistoryEntry[];
  gateway: GatewayFacts;
  /** Something that tells this installation from all others, and stays. */
  installId: string;
}

/** The input with what the channel offers, which most rules are about. */
export interface Question extends Input {
  candidate: Candidate;
}

export type Rule = (question: Question) => RuleResult;

const RULES: [RuleName, Rule][] = [
  ['disabled', hostRules.disabled],
  ['clock', hostRules.clock],
  ['held', hostRules.held],
  ['changeActive', hostRules.changeActive],
  ['gateway', hostRules.gateway],
  ['breaker', hostRules.breaker],
  ['registry', releaseRules.registry],
  ['available', releaseRules.available],
  ['pinned', releaseRules.pinned],
  ['skipped', releaseRules.skipped],
  ['quarantined', releaseRules.quarantined],
  ['manualRollback', releaseRules.manualRollback],
  ['failureBackoff', timeRules.failureBackoff],
  ['minimumAge', timeRules.minimumAge],
  ['delay', timeRules.delay],
  ['minimumInterval', timeRules.minimumInterval],
  ['soak', timeRules.soak],
  ['window', timeRules.window],
];

/**
 * Whether the timer may update now. Every rule is asked, so that all of them can be shown; one `no` is a no, else one
 * `wait` is a wait. Looks at nothing but its input, and never throws: what it cannot understand is a `no`.
 */
export function decide(input: Input): Decision {
  const question: Question = { ...input, candidate: chooseCandidate(input) };
  const { version } = question.candidate;
  const votes = RULES.map(([rule, ask]): Vote => ({ rule, ...ask(question) }));
  const refusal = votes.find(({ verdict }) => verdict === 'no');
  if (refusal) {
    return { verdict: 'no', version, reason: refusal.reason, until: null, rule: refusal.rule, votes };
  }
  const longest = longestWait(votes);
  if (longest) {
    const until = earliest(input, votes);
    return { verdict: 'wait', version, reason: longest.reason, until, rule: longest.rule, votes };
  }
  return {
    verdict: 'update',
    version,
    reason: `Nothing is against ${version} now.`,
    until: null,
    rule: null,
    votes,
  };
}

/**
 * Whoever waits longest has the word; one that cannot say for how long comes first. The registry has it only when nothing
 * else waits: whoever asks with none sees by that whether there is a reason to ask the registry at all.
 */
function longestWait(votes: Vote[]): Vote | undefined {
  const waiting = votes.filter(({ verdict }) => verdict === 'wait');
  const end = ({ rule, until }: Vote) => {
    if (rule === 'registry') return Number.NEGATIVE_INFINITY;
    return until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until);
  };
  return waiting.reduce<Vote | undefined>(
    (most, vote) => (most && end(most) >= end(vote) ? most : vote),
    undefined,
  );
}

/** The moment at which the last of the rules lets go lies outside of every window, often. */
function earliest({ settings, clock }: Input, votes: Vote[]): string | null {
  const ends = votes.flatMap(({ verdict, until }) =>
    verdict === 'wait' && until ? [Date.parse(until)] : [],
  );
  if (ends.length === 0) return null;
  const opening = nextOpening(settings.windows, Math.max(clock.now, ...ends));
  return opening === null ? null : iso(opening);
}
