import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

export interface Digest {
  /** Bytes. */
  size: number;
  sha256: string;
}

/** One buffer for all files, so that gigabytes need no more memory. */
const BUFFER = Buffer.allocUnsafe(1 << 20);
/** Reads before the event loop gets a turn. */
const READS_PER_TURN = 32;

/** Size and digest from one read, so that they agree. */
export function digestFile(path: string): Digest {
  const turns = digest(path);
  for (;;) {
    const turn = turns.next();
    if (turn.done) return turn.value;
  }
}

/** Does the work of `digestFile` for large files without blocking the event loop. */
export async function digestInTurns(path: string): Promise<Digest> {
  const turns = digest(path);
  let turn = turns.next();
  while (!turn.done) {
    await setImmediate();
    turn = turns.next();
  }
  return turn.value;
}

function* digest(path: string): Generator<undefined, Digest> {
  const hash = createHash('sha256');
  let size = 0;
  const fd = openSync(path, 'r');
  try {
    for (let reads = 1, read = readSync(fd, BUFFER); read > 0; reads++, read = readSync(fd, BUFFER)) {
      hash.update(BUFFER.subarray(0, read));
      size += read;
      if (reads % READS_PER_TURN === 0) yield;
    }
  } finally {
    closeSync(fd);
  }
  return { size, sha256: hash.digest('hex') };
}
