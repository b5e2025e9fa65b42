import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** How long a process that closed what it answers on may take to be gone; milliseconds. A crash may write a core file. */
const ENDING_MS = 10_000;

/**
 * Waits for a child that closed what it answers on before it had answered: it is ending by itself, and how says why.
 * Killed in that moment, it would be told as one that somebody killed. Bounded: one that goes on is left to the caller.
 */
export async function untilEnded(
  child: Pick<ChildProcess, 'pid' | 'exitCode' | 'signalCode'>,
  limitMs = ENDING_MS,
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  await once(child as ChildProcess, 'exit', { signal: AbortSignal.timeout(limitMs) }).catch(() => {});
}
