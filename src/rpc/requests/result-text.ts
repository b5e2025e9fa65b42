import type { ChangeDocument } from '../../views/change.js';
import type { RequestRecord } from './requests.js';

const DONE = new Set<string>(['package_updated_restart_verified', 'already_current', 'staged']);

export function verdictText(change: ChangeDocument, { note }: RequestRecord): string {
  const { status, kind, from, to, target, sentence, notes, error, undoError } = change;
  const way = [from, to ?? target].filter((id) => id !== null).join(' -> ');
  const hint = undoError?.hint ?? error?.hint;
  const lines = [
    `${DONE.has(status) ? 'Done' : 'Failed'}: ${kind} ${way}.`,
    sentence,
    ...notes,
    error && `Why: ${error.code}: ${error.message}`,
    undoError && `Going back: ${undoError.code}: ${undoError.message}`,
    hint && `Next: ${hint}`,
    note && `Note: ${note}`,
  ];
  return lines.filter(Boolean).join('\n');
}
