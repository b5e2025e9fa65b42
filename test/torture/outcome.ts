import { table } from '../../src/cli/table.js';

/** Outcome of a change. */
export interface Outcome {
  /**
   * `finished` and `failed` on its own, as its release deserves; `resumed` and `undone` by the next command;
   * `refused`; `never begun`, which left no record.
   */
  how: (typeof OUTCOMES)[number];
  /** The step at which it was interrupted. */
  at: string;
  note: string;
}

export const OUTCOMES = ['finished', 'failed', 'resumed', 'undone', 'refused', 'never begun'] as const;

/** An invariant that does not hold, or several. */
export class Broken extends Error {
  constructor(readonly sentences: string[]) {
    super(sentences.join('\n'));
  }
}

/** The order of changes, as the tally's rows. */
const MOMENTS = [
  'before its record',
  'before its first step',
  ...[
    'resolve',
    'check-space',
    'stage',
    'probe',
    'seal',
    'wait-idle',
    'baseline',
    'snapshot',
    'switch',
    'restart',
    'verify',
    'plugins',
    'commit',
    'prune',
  ],
  'undoing',
  'after its end',
];

/** Counts of changes by their outcome and by the step at which they were interrupted. */
export function tally(outcomes: readonly Outcome[]): string {
  const rows = [['', ...OUTCOMES, 'all']];
  const count = (at: string | null, how: string | null) =>
    outcomes.filter((one) => (at === null || one.at === at) && (how === null || one.how === how)).length;
  const moments = [...new Set([...MOMENTS, ...outcomes.map(({ at }) => at)])];
  for (const at of [...moments, null]) {
    const counts = [...OUTCOMES.map((how) => count(at, how)), count(at, null)];
    rows.push([at ?? 'all', ...counts.map((n) => (n === 0 ? '-' : String(n)))]);
  }
  return table(rows);
}
