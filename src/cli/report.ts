import type { Corrupt } from '../core/record.js';
import type { ChangeDocument } from '../views/change.js';
import { errorLines } from './output.js';

/** Puts `ok` and `status` first, because scripts read them. */
export function changeAnswer(change: ChangeDocument): ChangeDocument & { ok: boolean } {
  return { ok: change.error === null, ...change };
}

export function changeText({ status, sentence, error, undoError, notes, warnings }: ChangeDocument): string {
  return [
    `${sentence} [${status}]`,
    ...(error ? errorLines(error) : []),
    ...(undoError ? errorLines(undoError) : []),
    ...notes,
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join('\n');
}

export function nextLines(commands: readonly string[]): string[] {
  return commands.map((command, at) => `${at === 0 ? 'Next' : 'Then'}: ${command}`);
}

export function corruptLines(corrupt: Corrupt[]): string[] {
  return corrupt.map(
    ({ path, why }) => `Cannot be understood: ${path} ${why}. Next: openclaw-releases recover`,
  );
}
