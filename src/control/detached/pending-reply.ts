import { rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { faultPoint } from '../../host/fault.js';
import { askingPath } from '../../ledger/ownership.js';
import { claim, isClaimed } from '../../store/owner-symlink.js';
import type { Root } from '../../store/root.js';

/** Nothing waits longer for whoever asks, who may hang as anybody may; milliseconds. */
const ANSWER_MS = 10_000;
const POLL_MS = 50;

/**
 * Has a change handed over by this process, which still has to answer the gateway: for as long as it lives with
 * `endsWithAnswer`, else until `work` has ended.
 */
export async function holdUntilReplied<T>(
  root: Root,
  change: string,
  endsWithAnswer: boolean,
  work: () => Promise<T>,
): Promise<T> {
  try {
    claim(askingPath(root, change));
  } catch {
    // An answer that may be cut off is no reason to refuse what was asked for.
  }
  try {
    return await work();
  } finally {
    faultPoint('before answer');
    if (!endsWithAnswer) rmSync(askingPath(root, change), { force: true });
  }
}

/**
 * Waits until whoever asked for a change has answered the gateway or is dead: the restart ends what is below the
 * gateway, and with everything staged it comes within a second or two, which a loaded host needs for an answer.
 * @throws the reason of `signal` once that is aborted
 */
export async function waitForReply(
  root: Root,
  change: string,
  { signal, withinMs = ANSWER_MS }: { signal?: AbortSignal; withinMs?: number } = {},
): Promise<void> {
  const path = askingPath(root, change);
  const end = performance.now() + withinMs;
  while (isClaimed(path) && performance.now() < end) {
    signal?.throwIfAborted();
    await setTimeout(POLL_MS);
  }
  rmSync(path, { force: true });
}
