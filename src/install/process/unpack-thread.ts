import { parentPort } from 'node:worker_threads';
import { systemCode } from '../../core/errors.js';
import { copyPackage } from './copy.js';
import type { PackageCopy } from './reuse.js';
import { GrowingArchive, type Unpacking, unpack } from './unpack.js';

/** Work of a thread; `begin`, `more`, `end` and `drop` of one growing archive have the same id. */
export type Work =
  | { kind: 'unpack' | 'begin'; unpacking: Unpacking }
  | { kind: 'copy'; copy: PackageCopy; into: string }
  | { kind: 'more' | 'end' | 'drop' };

export interface Instruction {
  id: number;
  work: Work;
}

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

/** @returns true when the work is complete */
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
