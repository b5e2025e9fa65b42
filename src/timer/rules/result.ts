export interface RuleResult {
  verdict: 'pass' | 'wait' | 'no';
  reason: string;
  until?: string;
}

export const pass = (reason: string): RuleResult => ({ verdict: 'pass', reason });
export const no = (reason: string): RuleResult => ({ verdict: 'no', reason });
