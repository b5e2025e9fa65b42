import { createInterface } from 'node:readline/promises';
import type { Session } from './session.js';
import { say } from './write.js';

/** Asks at a terminal; false without one. @param about what a person must know before */
export async function confirmed(
  { environment }: Session,
  { json = false }: { json?: boolean },
  about: string,
  question: string,
): Promise<boolean> {
  if (json || !process.stdin.isTTY || !process.stderr.isTTY) return false;
  say(`${about}\n`, 2);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: environment.signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
