import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Change } from '../../src/ledger/ledger.js';
import type { StatusAnswer } from '../../src/rpc/documents.js';

/** One answer of `test/fixtures/rpc/poller.mjs`; times are those of `Date.now`. */
export interface Polled {
  from: number;
  to: number;
  /** The version that answered on the port just before and just after. */
  before: string | null;
  after: string | null;
  answer: StatusAnswer;
}

export function polled(file: string): Polled[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Polled);
}

const SUCCESS = new Set<unknown>(['package_updated_restart_verified', 'already_current']);

/** A process that a test killed, and when it was surely dead. */
export interface Death {
  pid: number;
  at: number;
}

/**
 * Checks every answer at every moment: it was one; success is only said of what the ledger has as verified
 * by then, with that release running; nothing is `running` by a process that is dead; and what is said to run is what
 * answers.
 * @param changes of the ledger, at the end
 */
export function expectTruth(
  answers: readonly Polled[],
  changes: readonly Change[],
  deaths: Death[] = [],
): void {
  expect(answers.length, 'somebody asked all along').toBeGreaterThan(10);
  for (const { from, to, before, after, answer } of answers) {
    const said = JSON.stringify({ from, to, before, after, answer });
    expect(answer.ok, said).toBe(true);
    const change = changes.find(({ id }) => id === answer.change);
    const isOver = change?.endedAt != null && Date.parse(change.endedAt) <= to;
    if (SUCCESS.has(answer.status) && answer.change !== null) {
      expect([isOver, change?.status], said).toEqual([true, answer.status]);
      expect(
        answer.runs === null || answer.runs.pid === null || answer.runs.version === answer.after?.version,
        said,
      ).toBe(true);
    }
    if (answer.phase === 'finished') expect(isOver, said).toBe(true);
    else expect(answer.after?.version ?? null, said).toBe(null);
    if (answer.status === 'running') {
      const dead = deaths.find(({ pid, at }) => pid === answer.handoff?.pid && at < from);
      expect(dead, said).toBe(undefined);
    }
    const steady = before !== null && before === after ? before : null;
    if (steady !== null && answer.runs?.version) expect(answer.runs.version, said).toBe(steady);
  }
}
