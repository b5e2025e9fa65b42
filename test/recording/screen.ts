/** A line as the terminal had it in the end, and when it was whole. */
export interface ScreenLine {
  /** Milliseconds since the beginning. */
  at: number;
  /** With the colours of the terminal. */
  text: string;
}

const ESCAPE = String.fromCharCode(27);
const RETURNS = new RegExp(`\\r(?!\\n)|${ESCAPE}\\[[0-9;]*[GK]`);
const OTHER = new RegExp(`${ESCAPE}\\[\\??[0-9;]*[A-Za-ln-z]`, 'g');
const COLOUR = new RegExp(`${ESCAPE}\\[([0-9;]*)m`);

/** Takes what a terminal got, piece by piece, and keeps the last of what was written over a line. */
export class Screen {
  readonly lines: ScreenLine[] = [];
  #begun = '';

  write(text: string, at: number): void {
    const [first = '', ...more] = text.split('\n');
    this.#begun += first;
    for (const line of more) {
      this.lines.push({ at, text: shown(this.#begun) });
      this.#begun = line;
    }
  }
}

function shown(line: string): string {
  const last = line.replace(/\r$/, '').split(RETURNS).at(-1) ?? '';
  return last.replace(OTHER, '').trimEnd();
}

/** Pieces of a line of one colour: the numbers of SGR, none for plain text. */
export function coloured(line: string): { text: string; colour: string }[] {
  const parts = line.split(COLOUR);
  let colour = '';
  return parts.flatMap((part, at) => {
    if (at % 2 === 0) return part === '' ? [] : [{ text: part, colour }];
    colour = part;
    return [];
  });
}

export const plain = (line: string): string =>
  coloured(line)
    .map(({ text }) => text)
    .join('');
