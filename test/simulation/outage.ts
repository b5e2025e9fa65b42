import { backoff } from '../../src/timer/rules/backoff.js';
import type { Fleet } from './fleet.js';
import { quantiles } from './statistics.js';

/** Requests per minute while the registry is down, and in the hours after it is back. */
export interface Storm {
  during: { mean: number; max: number };
  after: { mean: number; max: number };
  /** Hours from its return until nearly all hosts have had an answer. */
  answered: number;
}

/** Time at which a host asks again after so many failures in a row, the last of them at a moment; hours. */
export type Retry = (at: number, failures: number, host: number) => number;

const BEFORE = 2;
const AFTER = 24;

/** Rules of the timer, and rules that it could have instead. */
export function retries(fleet: Fleet): Record<string, Retry> {
  return {
    'every minute until it answers': (at) => at + 1 / 60,
    'at every run': (at, _, host) => fleet.runAfter(host, at + 1e-6),
    'at its first run after the back-off': (at, failures, host) =>
      fleet.runAfter(host, at + backoff(failures, fleet.ids[host] ?? '') / 3_600_000),
  };
}

/** A registry that does not answer for some hours, and what every host asks of it. */
export function outage(fleet: Fleet, hours: number, retry: Retry): Storm {
  const minutes = new Float64Array((BEFORE + hours + AFTER) * 60);
  const back = BEFORE + hours;
  const answered = new Float64Array(fleet.size);
  for (let host = 0; host < fleet.size; host++) {
    let failures = 0;
    for (let at = fleet.phase[host] ?? 0; at * 60 < minutes.length; ) {
      const minute = Math.floor(at * 60);
      minutes[minute] = (minutes[minute] ?? 0) + 1;
      const down = at >= BEFORE && at < back;
      if (at >= back) answered[host] ||= at - back;
      failures = down ? failures + 1 : 0;
      at = down ? retry(at, failures, host) : fleet.runAfter(host, at + 1e-6);
    }
  }
  const part = (from: number, to: number) => {
    const some = minutes.slice(from * 60, to * 60);
    return { mean: some.reduce((sum, one) => sum + one, 0) / some.length, max: Math.max(...some) };
  };
  return {
    during: part(BEFORE, back),
    after: part(back, back + AFTER),
    answered: quantiles(answered, 0.99)[0] ?? 0,
  };
}
