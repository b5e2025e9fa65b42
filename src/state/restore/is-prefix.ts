import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const BLOCK = 1 << 20;

/** Returns true when a file begins with the whole content of an earlier copy, as a transcript that grew does. */
export function continues(path: string, earlier: string): boolean {
  const [now, then] = [openSync(path, 'r'), openSync(earlier, 'r')];
  try {
    const { size } = fstatSync(then);
    if (fstatSync(now).size < size) return false;
    const [a, b] = [Buffer.alloc(BLOCK), Buffer.alloc(BLOCK)];
    for (let at = 0; at < size; at += BLOCK) {
      const length = Math.min(BLOCK, size - at);
      if (fill(now, a, length, at) !== length || fill(then, b, length, at) !== length) return false;
      if (a.compare(b, 0, length, 0, length) !== 0) return false;
    }
    return true;
  } finally {
    closeSync(now);
    closeSync(then);
  }
}

function fill(file: number, into: Buffer, length: number, at: number): number {
  let done = 0;
  while (done < length) {
    const read = readSync(file, into, done, length - done, at + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}
