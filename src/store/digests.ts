import { setImmediate } from 'node:timers/promises';
import { type Digest, digestOne, type FileOptions } from '../host/digest.js';

/** Few enough that Ctrl-C works at once. */
const FILES_PER_TURN = 200;

export interface DigestOptions extends FileOptions {
  signal?: AbortSignal | undefined;
}

/**
 * Digests files in order. One thread: a second one saves a fifth of a second for an OpenClaw, and costs its memory.
 * @param paths absolute
 * @throws UnusableFile; system errors; the reason of an aborted `signal`
 */
export async function digestFiles(paths: Iterable<string>, options: DigestOptions = {}): Promise<Digest[]> {
  const digests: Digest[] = [];
  for (const path of paths) {
    if (digests.length % FILES_PER_TURN === 0) {
      await setImmediate();
      options.signal?.throwIfAborted();
    }
    digests.push(digestOne(path, options));
  }
  return digests;
}
