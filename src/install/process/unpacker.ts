import { once } from 'node:events';
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
  /** Rejects with the error of a thread that ran out of memory, for example: it answers nothing more. */
  readonly #ended = once(this.#worker, 'exit').then(() => Promise.reject(new Error('The thread ended.')));
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#ended.catch(() => {});
  }

  /** @throws errors of `unpack` and `copyPackage`, by message and code */
  run(work: Work): Promise<void> {
    const done = this.#last.then(() => this.#ask(work));
    this.#last = done.catch(() => {});
    return done;
  }

  async #ask(work: Work): Promise<void> {
    const answered = once(this.#worker, 'message') as Promise<[Failure | null]>;
    this.#worker.postMessage(work);
    const [failure] = await Promise.race([answered, this.#ended]);
    if (failure) throw Object.assign(new Error(failure.message), failure);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
