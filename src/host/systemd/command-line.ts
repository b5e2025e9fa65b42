/** One word of a command line: `raw` as in the file, `value` without quotes, escapes and specifiers. */
export interface Word {
  raw: string;
  value: string;
}

/** A command of `Exec…=`, as "Command lines" of systemd.service(5) describes it. */
export interface CommandLine {
  /** Prefix signs of the program, such as `-` and `+`. */
  signs: string;
  /** Program without its signs, its name for itself where `@` gives one, and its arguments. */
  words: Word[];
}

const ESCAPES: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  s: ' ',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** Splits a setting into commands at words `;`; empty for a text that systemd ignores. */
export function parseCommandLines(text: string, specifiers: Record<string, string>): CommandLine[] {
  const words = splitWords(text);
  if (words === null) return [];
  const lines: Word[][] = [[]];
  for (const { raw, value } of words) {
    if (raw === ';') lines.push([]);
    else lines.at(-1)?.push({ raw, value: raw === '\\;' ? ';' : expandSpecifiers(value, specifiers) });
  }
  return lines.flatMap(([program, ...rest]) => {
    if (!program) return [];
    const signs = /^(?:[-@:+|]|!!?)*/.exec(program.value)?.[0] ?? '';
    const value = program.value.slice(signs.length);
    if (value === '') return [];
    const quote = program.raw.startsWith(signs) ? '' : (program.raw[0] ?? '');
    const raw = quote + program.raw.slice(quote.length + signs.length);
    return [{ signs, words: [{ raw, value }, ...rest] }];
  });
}

/**
 * Splits a text as "Quoting" of systemd.syntax(7) says; null for a quote without an end.
 * `raw` means the same in any file of the unit, specifiers and variables too.
 */
export function splitWords(text: string): Word[] | null {
  const words: Word[] = [];
  let at = 0;
  while (at < text.length) {
    while (/\s/.test(text[at] ?? '')) at++;
    if (at >= text.length) break;
    const start = at;
    // Escapes give bytes, several of which may be one character.
    const bytes: Buffer[] = [];
    let quote = '';
    for (; at < text.length; at++) {
      const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
      if (char === '\\') {
        const escaped = unescapeAt(text, at);
        bytes.push(escaped.value);
        at += escaped.length - 1;
      } else if (char === quote) quote = '';
      else if (!quote && (char === '"' || char === "'")) quote = char;
      else if (!quote && /\s/.test(char)) break;
      else {
        bytes.push(Buffer.from(char));
        at += char.length - 1;
      }
    }
    if (quote) return null;
    words.push({ raw: text.slice(start, at), value: Buffer.concat(bytes).toString() });
  }
  return words;
}

/** Replaces `%h` and others; leaves unknown ones, as systemd does. */
export function expandSpecifiers(value: string, specifiers: Record<string, string>): string {
  return value.replace(/%(.)/gs, (all, letter: string) =>
    letter === '%' ? '%' : (specifiers[letter] ?? all),
  );
}

function unescapeAt(text: string, at: number): { value: Buffer; length: number } {
  const numeric = /^\\(?:x([0-9a-fA-F]{2})|([0-3][0-7]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(
    text.slice(at, at + 10),
  );
  if (numeric) {
    const [all, hex, octal, short, long] = numeric;
    const byte = octal ? Number.parseInt(octal, 8) : Number.parseInt(hex ?? '', 16);
    const code = Number.parseInt(short ?? long ?? '0', 16);
    const value = short || long ? Buffer.from(String.fromCodePoint(code)) : Buffer.from([byte]);
    return { value, length: all.length };
  }
  const next = text[at + 1] ?? '';
  const known = ESCAPES[next];
  // systemd keeps the backslash of an unknown escape.
  return known === undefined
    ? { value: Buffer.from('\\'), length: 1 }
    : { value: Buffer.from(known), length: 2 };
}
