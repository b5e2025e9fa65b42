/** What one rule says; `pass` has nothing against it. */
export interface RuleResult {
  verdict: 'pass' | 'wait' | 'no';
  /** One sentence for people. */
  reason: string;
  /** For `wait`, where it is known: when this rule will have nothing against it; ISO 8601. */
  until?: string;
}

export const pass = (reason: string): RuleResult => ({ verdict: 'pass', reason });
export const no = (reason: string): RuleResult => ({ verdict: 'no', reason });
