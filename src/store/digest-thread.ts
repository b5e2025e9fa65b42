/** What a thread of `digestFiles` runs: reads files and says their digests. Imports little: it is started anew each time. */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { type BatchDigest, digestBatch } from './digest-batch.js';

/** What it is told. */
export interface DigestOrder {
  paths: string[];
  close: boolean;
}

export type Digested = BatchDigest | { failure: { message: string; code: string | undefined } };

/** Whatever runs beside it goes first, the gateway above all. */
const NICE = 10;

// Linux takes 0 for the thread that asks, and not for its process.
setPriority(0, NICE);
parentPort?.on('message', (order: DigestOrder) => parentPort?.postMessage(digested(order)));

function digested({ paths, close }: DigestOrder): Digested {
  try {
    return digestBatch(paths, close);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return { failure: { message, code } };
  }
}
