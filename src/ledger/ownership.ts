import { join } from 'node:path';
import { isClaimed } from '../store/owner-symlink.js';
import type { Root } from '../store/root.js';
import { type Change, isActive, unfinishedChanges } from './ledger.js';

/** Behind the id of a change that is handed to a helper, in `staging/`: who has taken it on. */
const CLAIM_SUFFIX = '.owner';

/** Likewise: whoever asked for it through the gateway, and has yet to answer. */
const ASKING_SUFFIX = '.reply-pending';

/** What decides between a helper that comes late and the verdict that none came. It goes with the change. */
export function claimPath(root: Root, id: string): string {
  return join(root.staging, `${id}${CLAIM_SUFFIX}`);
}

export function askingPath(root: Root, id: string): string {
  return join(root.staging, `${id}${ASKING_SUFFIX}`);
}

/** Names in `staging/` that belong to a change and are not its directory. */
export function claimNames(id: string): string[] {
  return [`${id}${CLAIM_SUFFIX}`, `${id}${ASKING_SUFFIX}`];
}

/** Whether a process lives that makes this change, or has it made. */
export function hasLiveOwner(root: Root, change: Change): boolean {
  return isActive(change) || (change.endedAt === null && isClaimed(claimPath(root, change.id)));
}

/** The change that a living process makes, or has just written down. */
export function activeChange(root: Root): Change | null {
  return unfinishedChanges(root).findLast((change) => hasLiveOwner(root, change)) ?? null;
}

/** Whether a process has put its name to the change, or it needs none any more. */
export function isAcknowledged(root: Root, change: Change): boolean {
  return change.endedAt !== null || change.steps.length > 0 || isClaimed(claimPath(root, change.id));
}
