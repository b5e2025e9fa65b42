import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { insist, paint } from './paint.js';

/** Asks the kernel first: what Node has for terminals takes a tenth of the time of a command that only reads. */
function isTerminal(stream: 1 | 2): boolean {
  try {
    return fstatSync(stream).isCharacterDevice() && isatty(stream);
  } catch {
    return false;
  }
}

/** Width of what reads the output; without end for a program, unless `COLUMNS` says one. */
export function columnsOf(stream: 1 | 2): number {
  const terminal = isTerminal(stream) ? (stream === 1 ? process.stdout : process.stderr).columns : 0;
  return terminal || Number(process.env.COLUMNS) || Number.POSITIVE_INFINITY;
}

/** ASCII for the marks that a locale without UTF-8 would not show. */
const ASCII: Record<string, string> = { '✔': '+', '✖': 'x', '↩': '<', '–': '-', '…': '...', '→': '->' };

function isUtf8({ LC_ALL, LC_CTYPE, LANG } = process.env): boolean {
  // No locale at all is what services, containers and cron have: their logs take UTF-8.
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return locale === '' ? process.env.TERM !== 'dumb' : /utf-?8/i.test(locale);
}

let wanted: string = 'auto';

/** Heeds the value of `--color`. */
export function wantColours(named = 'auto'): void {
  wanted = named;
  if (wanted === 'always') insist();
}

/** The library heeds `NO_COLOR` and `TERM`. */
function isColoured(stream: 1 | 2): boolean {
  return wanted === 'always' || (wanted === 'auto' && isTerminal(stream));
}

/** Printable text for people, as the terminal shows it: folded at words, in its characters, and in colours. */
export function presented(text: string, stream: 1 | 2): string {
  const width = columnsOf(stream);
  const plain = isUtf8() ? text : text.replace(/[✔✖↩–…→]/g, (mark) => ASCII[mark] ?? mark);
  const folded = width === Number.POSITIVE_INFINITY ? plain : fold(plain, width);
  return isColoured(stream) ? folded.split('\n').map(paint).join('\n') : folded;
}

/** Breaks long lines at words. A command to type stays whole, on a line of its own, so that it can be copied. */
function fold(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) =>
      line.length <= width ? line : line.replace(/ (?=Next: openclaw-releases)/, '\n').split('\n'),
    )
    .flatMap((line) =>
      /^\s*(next: |Next: |Then: |\$ |openclaw-releases )/.test(line) ? line : folded(line, width),
    )
    .join('\n');
}

function folded(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const indent = `${/^ */.exec(line)?.[0] ?? ''}  `;
  const at = line.lastIndexOf(' ', width);
  if (at < indent.length) return [line];
  return [line.slice(0, at), ...folded(indent + line.slice(at + 1), width)];
}
