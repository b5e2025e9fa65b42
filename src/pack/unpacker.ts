import { Worker } from 'node:worker_threads';
import { fromErrorRecord } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
import type { Sharing } from '../install/process/share-equal.js';
import type { PackHead } from './read.js';
import type { Unpacking } from './unpack.js';
import type { ThreadMessage, ThreadOrder } from './unpack-thread.js';

const PROGRAM = ownFile('dist/pack/unpack-thread.cjs');

/** Without a limit V8 lets garbage of 64 MiB gather, and then searches its whole heap: a fifth of the time of an import. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

/**
 * Does the work of `unpackPayload` in a thread with little memory, then shares equal dependencies with kept releases.
 * @returns bytes in blocks that are shared
 * @throws as `unpackPayload`; the reason of an aborted `signal`
 */
export async function unpackApart(
  fd: number,
  head: PackHead,
  sharing: Sharing,
  { signal, onFile, ...unpacking }: Unpacking,
): Promise<number> {
  signal?.throwIfAborted();
  const thread = new Worker(PROGRAM, {
    workerData: { fd, head, unpacking, sharing } satisfies ThreadOrder,
    resourceLimits: LIMITS,
  });
  const ended = new Promise<number>((resolve, reject) => {
    thread.on('message', (message: ThreadMessage) => {
      if ('done' in message) onFile?.(message.done, message.total);
      else if ('error' in message) reject(fromErrorRecord(message.error));
      else resolve(message.sharedBytes);
    });
    thread.on('error', reject);
    thread.on('exit', (code) => reject(new Error(`The unpacking thread ended with ${code}.`)));
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    return await ended;
  } finally {
    await thread.terminate();
  }
}
