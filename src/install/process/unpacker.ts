import { Worker } from 'node:worker_threads';
import { ownFile } from '../../core/own-files.js';
import type { Failure, Work } from './unpack-thread.js';

const PROGRAM = ownFile('dist/install/process/unpack-thread.cjs');

/** Unpacked bytes are garbage at once; without a limit the thread keeps 48 MiB before it collects. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

/**
 * Thread that unpacks and copies packages, most of the cost of an install, without waiting for the network. A directory
 * that it creates is valid only after success.
 */
export class Unpacker {
  readonly #worker = new Worker(PROGRAM, { resourceLimits: LIMITS });
  /** Ends of unfinished work; the answers come in the same order. */
  readonly #waiting: ((failure: Error | null) => void)[] = [];
  #broken: Error | null = null;

  constructor() {
    this.#worker.on('message', (failure: Failure | null) =>
      this.#waiting.shift()?.(failure && Object.assign(new Error(failure.message), failure)),
    );
    // A thread that ran out of memory, for example, answers nothing more.
    this.#worker.on('error', (error) => {
      this.#broken = error;
      for (const end of this.#waiting.splice(0)) end(error);
    });
  }

  /** @throws errors of `unpack` and `copyPackage`, by message and code */
  run(work: Work): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#broken) return reject(this.#broken);
      this.#waiting.push((failure) => (failure ? reject(failure) : resolve()));
      this.#worker.postMessage(work);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
