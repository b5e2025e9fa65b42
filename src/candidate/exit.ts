import type { CandidateReport } from './prepare.js';

/** Where in the program it was, and what Node says of itself after an error that nobody caught. */
const NOT_TELLING = /^(\s+at |Node\.js v\d)/;

/** Why it ended, in the words of most programs. */
const TELLING = /error\b|fail|cannot|refuse|reject/i;

/** How a candidate ended, with the line of what it said that tells why; for people. */
export function howEnded({ exit, said }: Pick<CandidateReport, 'exit' | 'said'>): string {
  const lines = said.split('\n').filter((line) => /[a-z]{3}/i.test(line) && !NOT_TELLING.test(line));
  const why = (lines.findLast((line) => TELLING.test(line)) ?? lines.at(-1))
    ?.replace(/^\d{4}-\S+\s+/, '')
    .trim();
  return `${exit?.signal ?? `exit code ${exit?.code}`}${why ? `: ${why}` : ''}`;
}
