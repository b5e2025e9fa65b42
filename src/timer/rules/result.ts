export interface RuleResult {
  verdict: 'pass' | 'wait' | 'no';
  reason: string;
  /** For `wait`, where known: time at which this rule passes; ISO 8601. */
  until?: string;
}

export const pass = (reason: string): RuleResult => ({ verdict: 'pass', reason });
export const no = (reason: string): RuleResult => ({ verdict: 'no', reason });
