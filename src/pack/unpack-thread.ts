import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorRecord, toErrorRecord } from '../core/errors.js';
import { type Sharing, shareEqual } from '../install/process/share-equal.js';
import type { PackHead } from './read.js';
import { type Unpacking, unpackPayload } from './unpack.js';

export interface ThreadOrder {
  fd: number;
  head: PackHead;
  unpacking: Omit<Unpacking, 'signal' | 'onFile'>;
  sharing: Sharing;
}

export type ThreadMessage =
  | { done: number; total: number }
  | { sharedBytes: number }
  | { error: ErrorRecord };

/** Files between two messages. */
const EVERY = 500;

const { fd, head, unpacking, sharing } = workerData as ThreadOrder;
const say = (message: ThreadMessage) => parentPort?.postMessage(message);
const onFile = (done: number, total: number) => {
  if (done % EVERY === 0 || done === total) say({ done, total });
};

unpackPayload(fd, head, { ...unpacking, onFile })
  .then(() => shareEqual(unpacking.directory, { ...sharing, isPacked: true }))
  .then(
    (sharedBytes) => say({ sharedBytes }),
    (error) => say({ error: toErrorRecord(error) }),
  );
