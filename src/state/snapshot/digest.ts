import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

/** Of one read. */
export interface Digest {
  /** Bytes. */
  size: number;
  /** In hex. */
  sha256: string;
}

/** One for all files: a digest of gigabytes needs no more memory than this. */
const BUFFER = Buffer.allocUnsafe(1 << 20);
/** What is read before others have their turn. */
const READS_PER_TURN = 32;

/** The size and the digest of a file, of the same read. */
export function digestFile(path: string): Digest {
  const turns = digest(path);
  for (;;) {
    const turn = turns.next();
    if (turn.done) return turn.value;
  }
}

/** The same of a file that can be large, in a process that has more to do meanwhile. */
export async function digestInTurns(path: string): Promise<Digest> {
  const turns = digest(path);
  for (;;) {
    const turn = turns.next();
    if (turn.done) return turn.value;
    await setImmediate();
  }
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
