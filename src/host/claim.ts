import { readlinkSync, symlinkSync } from 'node:fs';
import { systemCode } from '../errors.js';
import { isAlive, type ProcessIdentity } from './process.js';

/**
 * Makes `path` say that it is this process's, unless it says something already. One call does both, so nobody ever
 * sees a claim without a name; and a link this short lives in its inode: it needs no free block.
 * @returns whether it is ours now
 */
export function claim(path: string, self: ProcessIdentity): boolean {
  try {
    symlinkSync(claimText(self), path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Whether somebody who lives has claimed `path`. */
export function isClaimed(path: string): boolean {
  let text: string;
  try {
    text = readlinkSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
  const claimant = parseClaim(text);
  return claimant !== null && isAlive(claimant);
}

/** At most 59 bytes, which is what ext4 keeps in an inode. */
export function claimText({ pid, startTicks, bootId }: ProcessIdentity): string {
  return `${pid}.${startTicks}.${bootId}`;
}

/** Null for what no process of ours has written. */
export function parseClaim(text: string): ProcessIdentity | null {
  const [, pid, startTicks, bootId] = /^(\d+)\.(\d+)\.([\w-]*)$/.exec(text) ?? [];
  if (pid === undefined || startTicks === undefined || bootId === undefined) return null;
  return { pid: Number(pid), startTicks: Number(startTicks), bootId };
}
