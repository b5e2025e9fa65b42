import { ownFile } from '../core/own-files.js';
import { exec } from '../host/exec.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import { readPolicy } from '../store/policy.js';
import type { Root } from '../store/root.js';

/** Milliseconds; the notification itself has a shorter limit. */
const TELL_MS = 45_000;

const DAY_MS = 24 * 60 * 60_000;

/** Verdicts since the notification was set that nobody was told of. A change that had nothing to do is no news. */
export function untold(root: Root, now = Date.now()): Change[] {
  const { notify } = readPolicy(root);
  if (!notify) return [];
  // It may have been set while the clock was ahead.
  const since = Date.parse(notify.since) > now ? new Date(now - DAY_MS).toISOString() : notify.since;
  return listChanges(root).filter(
    ({ endedAt, notifiedAt, status }) =>
      endedAt !== null && endedAt >= since && notifiedAt === undefined && status !== 'already_current',
  );
}

/**
 * Has another process tell of new verdicts, of any process that made them. Never throws: a notification is no part of a change.
 * @param also an option that names another event
 * @returns true when that event was sent
 */
export async function tell(root: Root, also: string[] = []): Promise<boolean> {
  try {
    if (readPolicy(root).notify ? also.length + untold(root).length === 0 : true) return false;
    const words = [ownFile('dist/cli/main.cjs'), 'notify', '--pending', ...also, '--root', root.path];
    return (await exec(process.execPath, words, { env: process.env, timeoutMs: TELL_MS })).ok;
  } catch {
    return false;
  }
}
