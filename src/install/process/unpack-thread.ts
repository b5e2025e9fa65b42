import { parentPort } from 'node:worker_threads';
import { systemCode } from '../../core/errors.js';
import { copyPackage } from './copy.js';
import type { PackageCopy } from './reuse.js';
import { GrowingArchive, type Unpacking, unpack } from './unpack.js';

/** An archive that still comes is begun with, goes on, and has an end; all of these have its number. */
export type Work =
  | { kind: 'unpack' | 'begin'; unpacking: Unpacking }
  | { kind: 'copy'; copy: PackageCopy; into: string }
  | { kind: 'more' | 'end' | 'drop' };

/** What a thread is told. */
export interface Instruction {
  id: number;
  work: Work;
}

/** How it ended. */
export interface Unpacked {
  id: number;
  failure: { message: string; code: string | undefined } | null;
}

const growing = new Map<number, GrowingArchive>();

parentPort?.on('message', ({ id, work }: Instruction) => {
  let failure: Unpacked['failure'] = null;
  try {
    if (!carryOut(id, work)) return;
  } catch (error) {
    failure = { message: (error as Error).message, code: systemCode(error) };
  }
  parentPort?.postMessage({ id, failure } satisfies Unpacked);
});

/** @returns whether that was all of it */
function carryOut(id: number, work: Work): boolean {
  const archive = growing.get(id);
  if (work.kind === 'end' || work.kind === 'drop') growing.delete(id);
  switch (work.kind) {
    case 'unpack':
      unpack(work.unpacking);
      return true;
    case 'copy':
      copyPackage(work.copy, work.into);
      return true;
    case 'begin':
      growing.set(id, new GrowingArchive(work.unpacking));
      return false;
    case 'more':
      archive?.more();
      return false;
    case 'end':
      archive?.end();
      return true;
    case 'drop':
      archive?.drop();
      return true;
  }
}
