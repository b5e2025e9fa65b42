import { iso } from './time.js';

export interface RuleResult {
  verdict: 'pass' | 'wait' | 'no';
  reason: string;
  until?: string;
}

export const pass = (reason: string): RuleResult => ({ verdict: 'pass', reason });
export const wait = (reason: string, until?: number): RuleResult => ({
  verdict: 'wait',
  reason,
  ...(until !== undefined && { until: iso(until) }),
});
export const no = (reason: string): RuleResult => ({ verdict: 'no', reason });
