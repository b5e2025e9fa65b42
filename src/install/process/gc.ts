const ENOUGH_BYTES = 4 * 1024 * 1024;

interface HowThorough {
  type: 'major' | 'minor';
  flavor?: 'last-resort';
}

const { gc } = globalThis as { gc?: (how?: HowThorough) => void };

let made = 0;

/**
 * Looks for buffers that nobody has any more, where Node lets a program do so (`FRUGAL`). Left to itself V8 lets 32 MiB of them
 * stand in each thread, as it counts what they take outside of its heap for little.
 * @param bytes of such buffers, about, since it was last called
 */
export function collectGarbage(bytes: number): void {
  made += bytes;
  if (made < ENOUGH_BYTES) return;
  made = 0;
  gc?.({ type: 'minor' });
}

/**
 * Looks for all that nobody has any more, and gives its memory back: before others need it. Takes some 50 ms.
 */
export function collectAllGarbage(): void {
  // Node 20 knows none of these words, and takes them for a look at what is new.
  gc?.();
  gc?.({ type: 'major', flavor: 'last-resort' });
}
