import type { ErrorRecord } from '../../core/errors.js';
import { command, h } from './dom.js';

/** Only what can be typed is offered to be copied; a hint may also be a sentence. */
const TYPED = /^(openclaw|sudo|systemctl|journalctl|npm|ls|cat|kill)\b/;

/** What happened, what was left alone, and what to type. */
export function failure({ code, message, untouched, hint }: ErrorRecord, id: string): HTMLElement {
  return h(
    'div',
    { class: 'failure' },
    h('p', { class: 'bad' }, message, ' ', h('span', { class: 'mark' }, code)),
    untouched && h('p', {}, untouched),
    hint && (TYPED.test(hint) ? command(hint, id) : h('p', {}, `Next: ${hint}`)),
  );
}
