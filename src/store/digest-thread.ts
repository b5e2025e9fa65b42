/** Thread program of `digestFiles`. Imports little, because every call starts new threads. */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { type BatchDigest, type BatchOptions, digestBatch } from './digest-batch.js';

export interface DigestOrder extends BatchOptions {
  paths: string[];
}

export type Digested = BatchDigest | { failure: { message: string; code: string | undefined } };

/** Low priority: the gateway and other work run first. */
const NICE = 10;

// On Linux, 0 is the calling thread, not its process.
setPriority(0, NICE);
parentPort?.on('message', (order: DigestOrder) => parentPort?.postMessage(digested(order)));

function digested({ paths, ...options }: DigestOrder): Digested {
  try {
    return digestBatch(paths, options);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return { failure: { message, code } };
  }
}
