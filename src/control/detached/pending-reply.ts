import { rmSync } from 'node:fs';
import { faultPoint } from '../../host/fault.js';
import { waitUntil } from '../../host/wait.js';
import { askingPath } from '../../ledger/ownership.js';
import { claim, isClaimed } from '../../store/owner-symlink.js';
import type { Root } from '../../store/root.js';

/** Milliseconds; a caller that hangs must not block the change. */
const ANSWER_MS = 10_000;

/** Delays the worker until this process exits (`endsWithAnswer`) or `work` ends: it has to answer the gateway first. */
export async function holdUntilReplied<T>(
  root: Root,
  change: string,
  endsWithAnswer: boolean,
  work: () => Promise<T>,
): Promise<T> {
  try {
    claim(askingPath(root, change));
  } catch {
    // A lost answer is no reason to refuse the change.
  }
  try {
    return await work();
  } finally {
    faultPoint('before answer');
    if (!endsWithAnswer) rmSync(askingPath(root, change), { force: true });
  }
}

/**
 * Waits until the caller has answered the gateway or is dead. The restart ends all processes below the gateway, and
 * comes within two seconds when all is staged; a loaded host needs that time to answer.
 * @throws the reason of `signal` when it aborts
 */
export async function waitForReply(
  root: Root,
  change: string,
  { signal, withinMs = ANSWER_MS }: { signal?: AbortSignal; withinMs?: number } = {},
): Promise<void> {
  const path = askingPath(root, change);
  await waitUntil({ withinMs, signal }, () => !isClaimed(path));
  rmSync(path, { force: true });
}
