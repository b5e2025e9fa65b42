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

export interface RuleVote extends RuleResult {
  rule: RuleName;
}

export interface Decision {
  verdict: Verdict;
  version: string | null;
  reason: string;
  /** For `wait`: the earliest time at which every rule may pass, inside a window; null when unknown. ISO 8601. */
  until: string | null;
  rule: RuleName | null;
  votes: RuleVote[];
}

export interface Input {
  settings: Settings;
  policy: PolicyFacts;
  clock: Clock;
  registry: RegistryFacts | null;
  history: HistoryEntry[];
  gateway: GatewayFacts;
  /** Unique to this installation, and never changes. */
  installId: string;
}

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
 * Decides if the timer may update now. Evaluates every rule so that all can be shown; one `no` means no, else one
 * `wait` means wait. Reads only its input and never throws: a value it cannot parse is a `no`.
 */
export function decide(input: Input): Decision {
  const question: Question = { ...input, candidate: chooseCandidate(input) };
  const { version } = question.candidate;
  const votes = RULES.map(([rule, ask]): RuleVote => ({ rule, ...ask(question) }));
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
 * The longest wait gives the reason; a wait without an end comes first. The registry comes last: its `wait` tells the
 * caller that no other rule waits and that asking the registry is worthwhile.
 */
function longestWait(votes: RuleVote[]): RuleVote | undefined {
  const waiting = votes.filter(({ verdict }) => verdict === 'wait');
  const end = ({ rule, until }: RuleVote) => {
    if (rule === 'registry') return Number.NEGATIVE_INFINITY;
    return until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until);
  };
  return waiting.reduce<RuleVote | undefined>(
    (most, vote) => (most && end(most) >= end(vote) ? most : vote),
    undefined,
  );
}

/** The rules often pass at a time outside every window, so this returns the next opening. */
function earliest({ settings, clock }: Input, votes: RuleVote[]): string | null {
  const ends = votes.flatMap(({ verdict, until }) =>
    verdict === 'wait' && until ? [Date.parse(until)] : [],
  );
  if (ends.length === 0) return null;
  const opening = nextOpening(settings.windows, Math.max(clock.now, ...ends));
  return opening === null ? null : iso(opening);
}
