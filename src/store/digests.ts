import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ownFile } from '../core/own-files.js';
import { type BatchDigest, type BatchOptions, digestBatch } from './digest-batch.js';
import type { Digested, DigestOrder } from './digest-thread.js';

const PROGRAM = ownFile('dist/store/digest-thread.js');

/** Large enough to be worth a message, small enough that Ctrl-C works at once and all threads end together. */
const FILES_PER_BATCH = 200;

/** With fewer batches, threads do not pay: their start takes as long as the digests of a few hundred files. */
const BATCHES_FOR_THREADS = 10;

/** More threads wait for the same disk, or take CPU time from the gateway. */
const MOST_THREADS = 4;

/** Limits garbage: a thread needs memory for one piece of a file only. */
const LIMITS = { maxYoungGenerationSizeMb: 6 };

/** Batches sent ahead to a thread, so that it never waits for the next one. */
const BATCHES_AHEAD = 2;

export interface DigestOptions extends Partial<BatchOptions> {
  signal?: AbortSignal | undefined;
}

/**
 * Returns sha256 (hex) and size (bytes) of each file, in order. Uses several cores at low priority when that pays.
 * @param paths absolute; a lazy iterable is read while the threads digest
 * @throws system errors; the reason of an aborted `signal`
 */
export async function digestFiles(
  paths: Iterable<string>,
  { signal, close = false, largest }: DigestOptions = {},
): Promise<BatchDigest> {
  const batches = inBatches(paths);
  const options = { close, largest };
  const first: string[][] = [];
  while (first.length < BATCHES_FOR_THREADS) {
    const { value, done } = batches.next();
    if (done) return whole(await oneByOne(first, options, signal));
    first.push(value);
  }
  return whole(await inThreads(chain(first, batches), options, signal));
}

function* chain<T>(...all: Iterable<T>[]): Generator<T> {
  for (const some of all) yield* some;
}

function whole(done: BatchDigest[]): BatchDigest {
  return {
    digests: done.flatMap(({ digests }) => digests),
    sizes: done.flatMap(({ sizes }) => sizes),
  };
}

function* inBatches(paths: Iterable<string>): Generator<string[]> {
  let batch: string[] = [];
  for (const path of paths) {
    batch.push(path);
    if (batch.length < FILES_PER_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function oneByOne(
  batches: string[][],
  options: BatchOptions,
  signal?: AbortSignal,
): Promise<BatchDigest[]> {
  const done: BatchDigest[] = [];
  for (const batch of batches) {
    done.push(digestBatch(batch, options));
    await setImmediate();
    signal?.throwIfAborted();
  }
  return done;
}

async function inThreads(
  batches: Iterable<string[]>,
  options: BatchOptions,
  signal?: AbortSignal,
): Promise<BatchDigest[]> {
  const next = orders(batches, options);
  const done: BatchDigest[] = [];
  const threads = Math.min(MOST_THREADS, availableParallelism());
  const workers = Array.from({ length: threads }, () => new Worker(PROGRAM, { resourceLimits: LIMITS }));
  try {
    await Promise.all(workers.map((worker) => keepBusy(worker, next, done, signal)));
    return done;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function* orders(batches: Iterable<string[]>, options: BatchOptions): Generator<[number, DigestOrder]> {
  let at = 0;
  for (const paths of batches) yield [at++, { paths, ...options }];
}

function keepBusy(
  worker: Worker,
  next: Generator<[number, DigestOrder]>,
  done: BatchDigest[],
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked: number[] = [];
    const ask = () => {
      const { value } = next.next();
      if (value) {
        asked.push(value[0]);
        worker.postMessage(value[1]);
      } else if (asked.length === 0) resolve();
    };
    worker.on('error', reject);
    worker.on('message', (answer: Digested) => {
      try {
        signal?.throwIfAborted();
        if ('failure' in answer) throw Object.assign(new Error(answer.failure.message), answer.failure);
        done[asked.shift() ?? 0] = answer;
        ask();
      } catch (error) {
        reject(error);
      }
    });
    for (let ahead = 0; ahead < BATCHES_AHEAD; ahead++) ask();
  });
}
