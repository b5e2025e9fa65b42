const ENOUGH_BYTES = 4 * 1024 * 1024;

interface HowThorough {
  type: 'major' | 'minor';
  flavor?: 'last-resort';
}

const { gc } = globalThis as { gc?: (how?: HowThorough) => void };

let made = 0;

/**
 * Frees unused buffers, where Node exposes `gc` (`LOW_MEMORY_FLAGS`). V8 would keep 32 MiB of them in each thread,
 * because it underestimates memory outside of its heap.
 * @param bytes of such buffers since the last call, approximately
 */
export function collectGarbage(bytes: number): void {
  made += bytes;
  if (made < ENOUGH_BYTES) return;
  made = 0;
  gc?.({ type: 'minor' });
}

/** Frees all garbage and returns its memory before other processes need it. Takes about 50 ms. */
export function collectAllGarbage(): void {
  // Node 20 ignores these options and collects only new objects, so the plain call comes first.
  gc?.();
  gc?.({ type: 'major', flavor: 'last-resort' });
}
