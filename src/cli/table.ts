import { columnsOf } from './terminal.js';

const GAP = 2;

/** Width down to which the last column is wrapped before another column is dropped. */
const PROSE = 24;

/** Narrowest column. */
const LEAST = 8;

/**
 * Aligns cells in columns, and fits them to the terminal: drops columns, then wraps cells at words.
 * @param drop indexes of columns that a narrow terminal does without, the least needed first
 */
export function table(rows: string[][], drop: number[] = [], width = columnsOf(1)): string {
  let columns = (rows[0] ?? []).map((_, column) => column);
  const dropped = new Set<number>();
  const natural = columns.map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const taken = () => columns.reduce((sum, column) => sum + (natural[column] ?? 0) + GAP, -GAP);
  const lastFits = () => {
    const last = natural[columns.at(-1) ?? 0] ?? 0;
    return last - (taken() - width) >= Math.min(last, PROSE);
  };
  for (const column of drop) {
    if (lastFits()) break;
    dropped.add(column);
    columns = columns.filter((each) => !dropped.has(each));
  }
  const widths = columns.map((column) => natural[column] ?? 0);
  shrink(widths, width);
  return rows.map((row) => lines(row, columns, widths).join('\n')).join('\n');
}

/** Takes from the last column down to `PROSE`, then from the widest. */
function shrink(widths: number[], width: number): void {
  const excess = () => widths.reduce((sum, one) => sum + one + GAP, -GAP) - width;
  const take = (column: number, least: number) => {
    const from = widths[column] ?? 0;
    widths[column] = Math.max(Math.min(from, least), from - Math.max(0, excess()));
  };
  take(widths.length - 1, PROSE);
  while (excess() > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= LEAST) return;
    take(widest, Math.max(LEAST, (widths[widest] ?? 0) - 8));
  }
}

function lines(row: string[], columns: number[], widths: number[]): string[] {
  const cells = columns.map((column, at) => wrapped(row[column] ?? '', widths[at] ?? LEAST));
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((cell, at) => (cell[line] ?? '').padEnd(widths[at] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

/** Breaks at blanks, and inside a word that is longer than a line. */
export function wrapped(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const out: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (joined.length <= width) {
      line = joined;
      continue;
    }
    if (line !== '') out.push(line);
    line = word;
    for (; line.length > width; line = line.slice(width)) out.push(line.slice(0, width));
  }
  return [...out, line];
}
