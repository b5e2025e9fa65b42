/** One word of a command line as systemd splits it: `raw` as in the file, `value` without quotes and escapes. */
export interface Word {
  raw: string;
  value: string;
}

export interface UnitSettings {
  /** Command lines in force after every reset; only a oneshot service has several. */
  execStart: Word[][];
  environment: Record<string, string>;
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
};

/** Splits a setting as systemd.syntax(7) says. `raw` means the same in any unit file, specifiers and variables too. */
export function splitWords(text: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < text.length) {
    while (/\s/.test(text[at] ?? '')) at++;
    if (at >= text.length) break;
    const start = at;
    let value = '';
    let quote = '';
    for (; at < text.length; at++) {
      const char = text[at] ?? '';
      if (char === '\\') {
        const escaped = unescapeAt(text, at);
        value += escaped.value;
        at += escaped.length - 1;
      } else if (quote) {
        if (char === quote) quote = '';
        else value += char;
      } else if (char === '"' || char === "'") quote = char;
      else if (/\s/.test(char)) break;
      else value += char;
    }
    words.push({ raw: text.slice(start, at), value });
  }
  return words;
}

function unescapeAt(text: string, at: number): { value: string; length: number } {
  const numeric = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/.exec(
    text.slice(at, at + 10),
  );
  if (numeric) {
    const [all, hex, short, long, octal] = numeric;
    const code = octal ? Number.parseInt(octal, 8) : Number.parseInt(hex ?? short ?? long ?? '0', 16);
    return { value: String.fromCodePoint(code), length: all.length };
  }
  const next = text[at + 1] ?? '';
  return { value: ESCAPES[next] ?? next, length: 2 };
}

/** Reads a unit and its drop-ins, in the order in which they apply; unknown specifiers (`%h` and others) stay. */
export function readSettings(files: string[], specifiers: Record<string, string>): UnitSettings {
  const settings: UnitSettings = { execStart: [], environment: {} };
  for (const text of files) {
    for (const { section, key, value } of assignments(text)) {
      if (section !== 'Service') continue;
      const words = () =>
        splitWords(value).map((word) => ({ ...word, value: expand(word.value, specifiers) }));
      if (key === 'ExecStart') {
        if (value === '') settings.execStart = [];
        else settings.execStart.push(words());
      } else if (key === 'Environment') {
        if (value === '') settings.environment = {};
        for (const { value: entry } of words()) {
          const equals = entry.indexOf('=');
          if (equals > 0) settings.environment[entry.slice(0, equals)] = entry.slice(equals + 1);
        }
      } else if (key === 'UnsetEnvironment') {
        for (const { value: entry } of words()) delete settings.environment[entry];
      }
    }
  }
  return settings;
}

function* assignments(text: string): Generator<{ section: string; key: string; value: string }> {
  let section = '';
  let pending = '';
  for (const line of text.split('\n')) {
    // systemd skips a comment between two halves of a continued line.
    if (/^\s*[#;]/.test(line)) continue;
    if (line.endsWith('\\')) {
      pending += `${line.slice(0, -1)} `;
      continue;
    }
    const whole = (pending + line).trim();
    pending = '';
    const header = /^\[(.+)\]$/.exec(whole);
    if (header) section = header[1] ?? '';
    const equals = whole.indexOf('=');
    if (header || equals < 0) continue;
    yield { section, key: whole.slice(0, equals).trim(), value: whole.slice(equals + 1).trim() };
  }
}

function expand(value: string, specifiers: Record<string, string>): string {
  return value.replace(/%(.)/g, (all, letter: string) =>
    letter === '%' ? '%' : (specifiers[letter] ?? all),
  );
}
