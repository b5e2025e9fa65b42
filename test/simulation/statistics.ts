/** The values below which these shares of them lie (nearest rank); NaN of nothing. */
export function quantiles(values: Float64Array, ...shares: number[]): number[] {
  const sorted = values.toSorted();
  return shares.map((share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
}

export interface Evenness {
  /** Bins of each spread. */
  bins: number;
  freedom: number;
  chiSquared: number;
  /** Probability that an even spread looks at least as uneven as this one. */
  p: number;
}

/** Pearson's test of whether shares in [0, 1) are spread evenly; of several spreads together, if there are several. */
export function evenness(spreads: Iterable<number>[], bins = 100): Evenness {
  const chiSquared = spreads.reduce((sum, spread) => sum + deviation(spread, bins), 0);
  const freedom = spreads.length * (bins - 1);
  return { bins, freedom, chiSquared, p: chiSquaredTail(chiSquared, freedom) };
}

function deviation(shares: Iterable<number>, bins: number): number {
  const counts = new Array<number>(bins).fill(0);
  let all = 0;
  for (const share of shares) {
    const bin = Math.floor(share * bins);
    if (!(bin >= 0 && bin < bins)) throw new Error(`${share} is not in [0, 1).`);
    counts[bin] = (counts[bin] ?? 0) + 1;
    all++;
  }
  const expected = all / bins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** The probability that a chi-squared variable of so many degrees of freedom is greater: the upper incomplete gamma function, by its series. */
export function chiSquaredTail(chiSquared: number, freedom: number): number {
  const a = freedom / 2;
  const x = chiSquared / 2;
  if (x <= 0) return 1;
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < 10_000 && term > sum * 1e-16; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return Math.max(0, 1 - sum * Math.exp(a * Math.log(x) - x - logGamma(a)));
}

/** Argument: a whole number of halves, from 1/2 on. */
function logGamma(a: number): number {
  let log = a % 1 === 0 ? 0 : Math.log(Math.PI) / 2;
  for (let at = a % 1 === 0 ? 1 : 0.5; at < a; at++) log += Math.log(at);
  return log;
}
