import { join } from 'node:path';
import { isClaimed } from '../store/owner-symlink.js';
import type { Root } from '../store/root.js';
import { type Change, isActive, unfinishedChanges } from './ledger.js';

/** Suffix in `staging/` of the detached worker's claim. */
const CLAIM_SUFFIX = '.owner';

/** Decides between a late detached worker and the verdict that none came; removed with the change. */
export function claimPath(root: Root, id: string): string {
  return join(root.staging, claimName(id));
}

/** Name in `staging/` that belongs to a change but is not its directory. */
export function claimName(id: string): string {
  return `${id}${CLAIM_SUFFIX}`;
}

/** Returns true while the owner or the claiming detached worker lives. */
export function hasLiveOwner(root: Root, change: Change): boolean {
  return isActive(change) || (change.endedAt === null && isClaimed(claimPath(root, change.id)));
}

export function activeChange(root: Root): Change | null {
  return unfinishedChanges(root).findLast((change) => hasLiveOwner(root, change)) ?? null;
}

/** Returns true if a process has claimed the change, or if it needs none (it has steps or a verdict). */
export function isAcknowledged(root: Root, change: Change): boolean {
  return change.endedAt !== null || change.steps.length > 0 || isClaimed(claimPath(root, change.id));
}
