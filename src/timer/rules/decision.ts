import { type Candidate, chooseCandidate } from './candidate.js';
import type {
  Clock,
  CompanionFacts,
  GatewayFacts,
  HistoryEntry,
  PolicyFacts,
  RegistryFacts,
} from './facts.js';
import { hostRules } from './host-rules.js';
import { releaseRules } from './release-rules.js';
import type { RuleResult } from './result.js';
import type { Settings } from './settings.js';
import { iso } from './time.js';
import { timeRules } from './time-rules.js';
import { nextOpening } from './window.js';

export type Verdict = 'update' | 'wait' | 'no';

/** Evaluated and shown in this order. */
const RULES = { ...hostRules, ...releaseRules, ...timeRules };

export type RuleName = keyof typeof RULES;

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
  /** Null where nobody has asked for them, or nobody knows. */
  companions: CompanionFacts | null;
  /** Unique to this installation, and never changes. */
  installId: string;
}

export interface Question extends Input {
  candidate: Candidate;
}

/**
 * Decides if the timer may update now. Evaluates every rule so that all can be shown; one `no` means no, else one
 * `wait` means wait. Reads only its input and never throws: a value it cannot parse is a `no`.
 */
export function decide(input: Input): Decision {
  const question: Question = { ...input, candidate: chooseCandidate(input) };
  const { version } = question.candidate;
  const votes = Object.entries(RULES).map(([rule, ask]): RuleVote => {
    return { rule: rule as RuleName, ...ask(question) };
  });
  const decided = votes.find(({ verdict }) => verdict === 'no') ?? longestWait(votes);
  if (!decided) {
    const reason = `Nothing is against ${version} now.`;
    return { verdict: 'update', version, reason, until: null, rule: null, votes };
  }
  const { verdict, reason, rule } = decided;
  if (verdict === 'no') return { verdict, version, reason, until: null, rule, votes };
  return { verdict: 'wait', version, reason, until: earliest(input, votes), rule, votes };
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
