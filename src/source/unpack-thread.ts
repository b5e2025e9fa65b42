import { parentPort } from 'node:worker_threads';
import { systemCode } from '../errors.js';
import { type Unpacking, unpack } from './unpack.js';

/** What a thread is told. */
export type Instruction = Unpacking & { id: number };

/** How it ended. */
export interface Unpacked {
  id: number;
  failure: { message: string; code: string | undefined } | null;
}

parentPort?.on('message', ({ id, ...unpacking }: Instruction) => {
  let failure: Unpacked['failure'] = null;
  try {
    unpack(unpacking);
  } catch (error) {
    failure = { message: (error as Error).message, code: systemCode(error) };
  }
  parentPort?.postMessage({ id, failure } satisfies Unpacked);
});
