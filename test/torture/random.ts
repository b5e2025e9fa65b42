/** Answers numbers in [0, 1), one after the other. */
export type Random = () => number;

/** Numbers that repeat for a seed (mulberry32): a round that broke something can be run again. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed for a run that was given none. */
export function anySeed(): number {
  return Math.floor(Math.random() * 1e9);
}

export function between(random: Random, low: number, high: number): number {
  return low + random() * (high - low);
}

export function pick<T>(random: Random, items: readonly T[]): T {
  const found = items[Math.floor(random() * items.length)];
  if (found === undefined) throw new Error('There is nothing to pick from.');
  return found;
}

/** So many of the items, in their order. */
export function draw<T>(random: Random, items: readonly T[], many: number): T[] {
  const ranked = items.map((item) => ({ item, rank: random() })).sort((a, b) => a.rank - b.rank);
  const drawn = new Set(ranked.slice(0, many).map(({ item }) => item));
  return items.filter((item) => drawn.has(item));
}

/** One of the names, each as often as its weight says. */
export function pickWeighted<T extends string>(random: Random, weights: Record<T, number>): T {
  const entries = Object.entries(weights) as [T, number][];
  let left = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    left -= weight;
    if (left < 0) return name;
  }
  throw new Error('There is nothing to pick from.');
}
