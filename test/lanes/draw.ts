import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import type { Lane } from './lanes.js';

const VARIABLE = 'OPENCLAW_RELEASES_TEST_DRAW';

/** Share of the rare cases that this run has, and the seed that chooses them; all of them unless `VARIABLE` says otherwise. */
const { seed, share } = parse(process.env[VARIABLE]);

/** Draws by name, at least one and in the given order. The same seed draws the same. */
export function drawn<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  const byRank = items.toSorted((a, b) => rank(nameOf(a)).localeCompare(rank(nameOf(b))));
  const chosen = new Set(byRank.slice(0, drawnCount(items.length)));
  return items.filter((item) => chosen.has(item));
}

/** Number of cases or rounds, at least 1. */
export function drawnCount(all: number): number {
  return Math.max(1, Math.ceil(all * share));
}

/** Test files that this run has of a drawn lane, from the root of the repository. */
export function filesOf(lane: Lane): string[] {
  return drawn(allFilesOf(lane), (file) => file);
}

/** Sentence for the log of a run; null for a lane that runs whole. */
export function drawnSentence(lane: Lane): string | null {
  if (!lane.drawn || share === 1) return null;
  const [some, all] = [filesOf(lane).length, allFilesOf(lane).length];
  return `The lane ${lane.name} has ${some} of ${all} files; the same again: ${VARIABLE}=${seed}:${share} npm run test:${lane.name}`;
}

function allFilesOf({ name }: Lane): string[] {
  return readdirSync(`test/${name}`)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${name}/${file}`);
}

function rank(name: string): string {
  return createHash('sha256').update(`${seed} ${name}`).digest('hex');
}

function parse(text: string | undefined): { seed: string; share: number } {
  if (!text) return { seed: '', share: 1 };
  const [, seed = '', share] = /^(\w+):(0\.\d+|1)$/.exec(text) ?? [];
  if (!seed || Number(share) === 0)
    throw new Error(`${VARIABLE} is <seed>:<share>, such as 7:0.5, and not ${text}.`);
  return { seed, share: Number(share) };
}
