import { Worker } from 'node:worker_threads';
import { ownFile } from '../own-files.js';
import type { PackageCopy } from './similar.js';
import type { Unpacking } from './unpack.js';
import type { Instruction, Unpacked } from './unpack-thread.js';

/** Two use two cores, and more do not make a disk faster. */
const THREADS = 2;

const PROGRAM = ownFile('dist/source/unpack-thread.js');

interface Thread {
  worker: Worker;
  /** What to do when an archive of this number is unpacked, or was not. */
  waiting: Map<number, (failure: Error | null) => void>;
}

/** Threads that make packages: that is most of what an install costs, and it does not wait for a network. */
export class Unpackers {
  readonly #threads: Thread[] = Array.from({ length: THREADS }, start);
  #last = 0;

  /**
   * Unpacks an archive into a directory that is made. What is there is good only when this has ended well.
   * @throws what `unpack` does, by message and code
   */
  unpack(unpacking: Unpacking): Promise<void> {
    return this.#give(unpacking);
  }

  /**
   * Copies a package of another release into a directory that is made; the same holds for what is there.
   * @throws what `copyPackage` does, by message and code
   */
  copy(copy: PackageCopy, into: string): Promise<void> {
    return this.#give({ copy, into });
  }

  #give(work: Unpacking | { copy: PackageCopy; into: string }): Promise<void> {
    const id = ++this.#last;
    const { worker, waiting } = this.#threads.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
    return new Promise((resolve, reject) => {
      waiting.set(id, (failure) => (failure ? reject(failure) : resolve()));
      worker.postMessage({ id, ...work } satisfies Instruction);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }
}

/** What is unpacked is garbage at once: without a limit a thread lets 48 MiB of it stand before it looks. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

function start(): Thread {
  const thread: Thread = { worker: new Worker(PROGRAM, { resourceLimits: LIMITS }), waiting: new Map() };
  thread.worker.on('message', ({ id, failure }: Unpacked) => {
    const end = thread.waiting.get(id);
    thread.waiting.delete(id);
    end?.(failure && Object.assign(new Error(failure.message), failure.code && { code: failure.code }));
  });
  // Out of memory, for one; then nothing of it is answered any more.
  thread.worker.on('error', (error) => {
    for (const end of thread.waiting.values()) end(error);
    thread.waiting.clear();
  });
  return thread;
}
