import { parentPort } from 'node:worker_threads';
import { systemCode } from '../errors.js';
import { copyPackage } from './copy.js';
import type { PackageCopy } from './similar.js';
import { type Unpacking, unpack } from './unpack.js';

/** What a thread is told. */
export type Instruction = { id: number } & (Unpacking | { copy: PackageCopy; into: string });

/** How it ended. */
export interface Unpacked {
  id: number;
  failure: { message: string; code: string | undefined } | null;
}

parentPort?.on('message', ({ id, ...work }: Instruction) => {
  let failure: Unpacked['failure'] = null;
  try {
    if ('copy' in work) copyPackage(work.copy, work.into);
    else unpack(work);
  } catch (error) {
    failure = { message: (error as Error).message, code: systemCode(error) };
  }
  parentPort?.postMessage({ id, failure } satisfies Unpacked);
});
