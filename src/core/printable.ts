import { withoutCredentials } from './address.js';

/**
 * Control characters but for the newline: C0, DEL and C1 drive a terminal, and bidirectional marks reorder what it shows.
 * Texts of registries, archives, links and records may hold them.
 */
const UNPRINTABLE = /(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Shows such characters as `\u001b`, which JSON reads back as the character. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Every text that leaves this program, plain or JSON, passes here: no control character, no credentials of an address. */
export function outgoing(text: string): string {
  return printable(withoutCredentials(text));
}
