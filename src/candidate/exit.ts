import type { CandidateReport } from './prepare.js';

/** Stack frames, and Node's version line after an uncaught error. */
const NOT_TELLING = /^(\s+at |Node\.js v\d)/;

const TELLING = /error\b|fail|cannot|refuse|reject/i;

export function howEnded({ exit, said }: Pick<CandidateReport, 'exit' | 'said'>): string {
  const lines = said.split('\n').filter((line) => /[a-z]{3}/i.test(line) && !NOT_TELLING.test(line));
  const why = (lines.findLast((line) => TELLING.test(line)) ?? lines.at(-1))
    ?.replace(/^\d{4}-\S+\s+/, '')
    .trim();
  return `${exit?.signal ?? `exit code ${exit?.code}`}${why ? `: ${why}` : ''}`;
}
