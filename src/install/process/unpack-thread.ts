import { parentPort } from 'node:worker_threads';
import { systemCode } from '../../core/errors.js';
import type { Share } from '../../store/policy.js';
import { copyPackage } from './copy.js';
import type { PackageCopy } from './reuse.js';
import { type Unpacking, unpack } from './unpack.js';

export type Work =
  | { kind: 'unpack'; unpacking: Unpacking }
  | { kind: 'copy'; copy: PackageCopy; into: string; share: Share };

export interface Instruction {
  id: number;
  work: Work;
}

export interface Done {
  id: number;
  /** Bytes of a copy in blocks that are shared. */
  shared: number;
  failure: { message: string; code: string | undefined } | null;
}

parentPort?.on('message', ({ id, work }: Instruction) => {
  const done: Done = { id, shared: 0, failure: null };
  try {
    if (work.kind === 'unpack') unpack(work.unpacking);
    else done.shared = copyPackage(work.copy, work.into, work.share);
  } catch (error) {
    done.failure = { message: (error as Error).message, code: systemCode(error) };
  }
  parentPort?.postMessage(done);
});
