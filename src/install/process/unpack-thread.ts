import { parentPort } from 'node:worker_threads';
import { systemCode } from '../../core/errors.js';
import { copyPackage } from './copy.js';
import type { PackageCopy } from './reuse.js';
import { type Unpacking, unpack } from './unpack.js';

export type Work = ({ kind: 'unpack' } & Unpacking) | { kind: 'copy'; copy: PackageCopy; into: string };

export interface Failure {
  message: string;
  code: string | undefined;
}

// node-tar makes each directory for each file and lets it fail. The stacks of these errors, which nobody reads, take a
// tenth of the time of an install.
Error.stackTraceLimit = 0;

parentPort?.on('message', (work: Work) => {
  let failure: Failure | null = null;
  try {
    if (work.kind === 'unpack') unpack(work);
    else copyPackage(work.copy, work.into);
  } catch (error) {
    failure = { message: (error as Error).message, code: systemCode(error) };
  }
  parentPort?.postMessage(failure);
});
