import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ownFile } from '../../core/own-files.js';
import type { PackageCopy } from './reuse.js';
import type { Unpacking } from './unpack.js';
import type { Instruction, Unpacked, Work } from './unpack-thread.js';

/** The thread that downloads needs a core too, and more than two do not make a disk faster. */
const THREADS = Math.max(1, Math.min(2, availableParallelism() - 1));

/** Weight of a growing archive: it is mostly large, so its thread gets fewer others. */
const GROWING = 3;

const PROGRAM = ownFile('dist/install/process/unpack-thread.cjs');

export interface Growing {
  more(): void;
  /** Unpacks the rest. Throws the errors of `unpack`, by message and code. */
  end(): Promise<void>;
  /** Stops, because the archive stays incomplete. */
  drop(): Promise<void>;
}

/**
 * Threads that unpack and copy packages, most of the cost of an install, without waiting for the network. A directory
 * they create is valid only after success.
 */
export class Unpackers {
  readonly #threads: Thread[];
  #last = 0;

  constructor(threads = THREADS) {
    this.#threads = Array.from({ length: threads }, () => new Thread());
  }

  /** @throws errors of `unpack`, by message and code */
  unpack(unpacking: Unpacking): Promise<void> {
    return this.#choose().finish({ kind: 'unpack', unpacking }, ++this.#last);
  }

  /** @throws errors of `copyPackage`, by message and code */
  copy(copy: PackageCopy, into: string): Promise<void> {
    return this.#choose().finish({ kind: 'copy', copy, into }, ++this.#last);
  }

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

/** Unpacked bytes are garbage at once; without a limit a thread keeps 48 MiB before it collects. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

class Thread {
  readonly #worker = new Worker(PROGRAM, { resourceLimits: LIMITS });
  /** Weights of unfinished work, by id. */
  readonly #open = new Map<number, number>();
  /** Callbacks of unfinished work, by id. */
  readonly #waiting = new Map<number, (failure: Error | null) => void>();
  #failure: Error | null = null;

  constructor() {
    this.#worker.on('message', ({ id, failure }: Unpacked) => {
      this.#open.delete(id);
      const end = this.#waiting.get(id);
      this.#waiting.delete(id);
      end?.(failure && Object.assign(new Error(failure.message), failure.code && { code: failure.code }));
    });
    // A thread that ran out of memory, for example, answers nothing more.
    this.#worker.on('error', (error) => {
      this.#failure = error;
      for (const end of this.#waiting.values()) end(error);
      this.#waiting.clear();
    });
  }

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
