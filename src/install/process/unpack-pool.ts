import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ownFile } from '../../core/own-files.js';
import type { Done, Instruction, Work } from './unpack-thread.js';

/** The thread that downloads needs a core too, and more than two do not make a disk faster. */
const THREADS = Math.max(1, Math.min(2, availableParallelism() - 1));

const PROGRAM = ownFile('dist/install/process/unpack-thread.cjs');

/** Unpacked bytes are garbage at once; without a limit a thread keeps 48 MiB before it collects. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

/**
 * Threads that unpack and copy packages, most of the cost of an install, without waiting for the network. A directory
 * they create is valid only after success.
 */
export class Unpackers {
  readonly #threads: Thread[];

  constructor(threads = THREADS) {
    this.#threads = Array.from({ length: threads }, () => new Thread());
  }

  /**
   * @returns bytes of a copy in blocks that are shared
   * @throws errors of `unpack` and `copyPackage`, by message and code
   */
  run(work: Work): Promise<number> {
    return this.#threads.reduce((a, b) => (b.busy < a.busy ? b : a)).run(work);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

class Thread {
  readonly #worker = new Worker(PROGRAM, { resourceLimits: LIMITS });
  /** Callbacks of unfinished work, by id. */
  readonly #waiting = new Map<number, (failure: Error | null, shared: number) => void>();
  #last = 0;
  #failure: Error | null = null;

  constructor() {
    this.#worker.on('message', ({ id, shared, failure }: Done) => {
      const end = this.#waiting.get(id);
      this.#waiting.delete(id);
      end?.(
        failure && Object.assign(new Error(failure.message), failure.code && { code: failure.code }),
        shared,
      );
    });
    // A thread that ran out of memory, for example, answers nothing more.
    this.#worker.on('error', (error) => {
      this.#failure = error;
      for (const end of this.#waiting.values()) end(error, 0);
      this.#waiting.clear();
    });
  }

  get busy(): number {
    return this.#waiting.size;
  }

  run(work: Work): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      const id = ++this.#last;
      this.#waiting.set(id, (failure, shared) => (failure ? reject(failure) : resolve(shared)));
      this.#worker.postMessage({ id, work } satisfies Instruction);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
