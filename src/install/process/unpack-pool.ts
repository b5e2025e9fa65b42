import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ownFile } from '../../core/own-files.js';
import type { PackageCopy } from './reuse.js';
import type { Unpacking } from './unpack.js';
import type { Instruction, Unpacked, Work } from './unpack-thread.js';

/** The thread that fetches takes a core as well; and more than two do not make a disk faster. */
const THREADS = Math.max(1, Math.min(2, availableParallelism() - 1));

/** What still comes is large more often than not, and so many others are given to the other thread before this one has another. */
const GROWING = 3;

const PROGRAM = ownFile('dist/install/process/unpack-thread.cjs');

/** An archive that is unpacked while it comes. */
export interface Growing {
  /** More of it is there. */
  more(): void;
  /**
   * All of it is there. What was made of it is good only when this has ended well.
   * @throws what `unpack` does, by message and code
   */
  end(): Promise<void>;
  /** It does not come to its end. */
  drop(): Promise<void>;
}

/** Threads that make packages: that is most of what an install costs, and it does not wait for a network. */
export class Unpackers {
  readonly #threads: Thread[];
  #last = 0;

  constructor(threads = THREADS) {
    this.#threads = Array.from({ length: threads }, () => new Thread());
  }

  /**
   * Unpacks an archive into a directory that is made. What is there is good only when this has ended well.
   * @throws what `unpack` does, by message and code
   */
  unpack(unpacking: Unpacking): Promise<void> {
    return this.#choose().finish({ kind: 'unpack', unpacking }, ++this.#last);
  }

  /**
   * Copies a package of another release into a directory that is made; the same holds for what is there.
   * @throws what `copyPackage` does, by message and code
   */
  copy(copy: PackageCopy, into: string): Promise<void> {
    return this.#choose().finish({ kind: 'copy', copy, into }, ++this.#last);
  }

  /** Begins to unpack an archive that still comes, as `unpack` does. */
  grow(unpacking: Unpacking): Growing {
    const thread = this.#choose();
    const id = ++this.#last;
    thread.tell({ kind: 'begin', unpacking }, id);
    return {
      more: () => thread.tell({ kind: 'more' }, id),
      end: () => thread.finish({ kind: 'end' }, id),
      drop: () => thread.finish({ kind: 'drop' }, id),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #choose(): Thread {
    return this.#threads.reduce((a, b) => (b.busy < a.busy ? b : a));
  }
}

/** What is unpacked is garbage at once: without a limit a thread lets 48 MiB of it stand before it looks. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

class Thread {
  readonly #worker = new Worker(PROGRAM, { resourceLimits: LIMITS });
  /** What has begun and has no end yet, with how much it weighs. */
  readonly #open = new Map<number, number>();
  /** What to do when the work of this number is done, or was not. */
  readonly #waiting = new Map<number, (failure: Error | null) => void>();
  #failure: Error | null = null;

  constructor() {
    this.#worker.on('message', ({ id, failure }: Unpacked) => {
      this.#open.delete(id);
      const end = this.#waiting.get(id);
      this.#waiting.delete(id);
      end?.(failure && Object.assign(new Error(failure.message), failure.code && { code: failure.code }));
    });
    // Out of memory, for one; then nothing of it is answered any more.
    this.#worker.on('error', (error) => {
      this.#failure = error;
      for (const end of this.#waiting.values()) end(error);
      this.#waiting.clear();
    });
  }

  /** How much it has to do. */
  get busy(): number {
    let sum = 0;
    for (const weight of this.#open.values()) sum += weight;
    return sum;
  }

  tell(work: Work, id: number): void {
    if (!this.#open.has(id)) this.#open.set(id, work.kind === 'begin' ? GROWING : 1);
    this.#worker.postMessage({ id, work } satisfies Instruction);
  }

  finish(work: Work, id: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#waiting.set(id, (failure) => (failure ? reject(failure) : resolve()));
      this.tell(work, id);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
