export interface Budget {
  /** No verdict before this, even without progress. */
  floorMs: number;
  /** End of the wait, even with progress. */
  ceilingMs: number;
}

const MARGIN = 3;

const STARTS_REMEMBERED = 5;

/**
 * Budget for a start on this host: three times the slowest of the last five, within the limits. The first start from a
 * new path took 1.5 times a normal one; the rest is for a busier host.
 * @param history duration of earlier starts until ready, in milliseconds, oldest first
 */
export function budgetFrom(history: number[], limits: Budget): Budget {
  const slowest = Math.max(0, ...history.slice(-STARTS_REMEMBERED));
  const floorMs = Math.min(limits.ceilingMs, Math.max(limits.floorMs, MARGIN * slowest));
  return { floorMs, ceilingMs: limits.ceilingMs };
}
