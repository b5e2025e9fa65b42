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

/** One line of a text that another program says, so that it cannot pass for a line of this program. */
export function oneLine(text: string, longest: number): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** Every text that leaves this program, plain or JSON, passes here: no control character, no credentials of an address. */
export function outgoing(text: string): string {
  return printable(withoutCredentials(text));
}
