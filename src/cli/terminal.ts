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
  const lines = plain.split('\n').map((line) => {
    // Colours go by the whole line: the code of a long error is at its end.
    return withBreaks(isColoured(stream) ? paint(line) : line, breaksOf(line, width));
  });
  return lines.join('\n');
}

/** Colours printable text as it is, for a process that shows the output of another one. */
export function coloured(text: string, stream: 1 | 2): string {
  return isColoured(stream) ? text.split('\n').map(paint).join('\n') : text;
}

const ALONE = /^\s*(next: |Next: |Then: |\$ |(sudo )?openclaw-releases )/;

/** Places of the spaces at which a long line breaks. A command to type stays whole, on a line of its own, so that it can be copied. */
function breaksOf(line: string, width: number): Map<number, string> {
  const breaks = new Map<number, string>();
  if (line.length <= width || ALONE.test(line)) return breaks;
  const command = line.search(/ (?=Next: (sudo )?openclaw-releases)/);
  const end = command < 0 ? line.length : command;
  if (command >= 0) breaks.set(command, '\n');
  const indent = `${/^ */.exec(line)?.[0] ?? ''}  `;
  for (let start = 0, room = width; end - start > room; room = width - indent.length) {
    const at = line.lastIndexOf(' ', Math.min(start + room, end - 1));
    if (at < (start === 0 ? indent.length : start)) break;
    breaks.set(at, `\n${indent}`);
    start = at + 1;
  }
  return breaks;
}

/** @param shown may have colours, which take no room */
function withBreaks(shown: string, breaks: Map<number, string>): string {
  if (breaks.size === 0) return shown;
  let at = 0;
  return shown.replace(/(\p{Cc}\[\d+m)|[\s\S]/gu, (found, colour) => {
    if (colour) return found;
    const place = at;
    at += found.length;
    return breaks.get(place) ?? found;
  });
}
