import type { ErrorRecord } from '../../core/errors.js';
import { command, h } from './dom.js';

/** Hints that are commands and get a copy button; other hints are sentences. */
const TYPED = /^(openclaw|sudo|systemctl|journalctl|npm|ls|cat|kill)\b/;

export function failure({ code, message, untouched, hint }: ErrorRecord, id: string): HTMLElement {
  return h(
    'div',
    { class: 'failure' },
    h('p', { class: 'bad' }, message, ' ', h('span', { class: 'mark' }, code)),
    untouched && h('p', {}, untouched),
    hint && (TYPED.test(hint) ? command(hint, id) : h('p', {}, `Next: ${hint}`)),
  );
}
