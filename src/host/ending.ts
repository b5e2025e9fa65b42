import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

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

/**
 * Calls back once a process has given its whole answer, which is one line and its last: it may never end by itself
 * (nodejs/node#54918).
 */
export function onceAnswered(output: Readable, then: () => void): void {
  output.on('data', (chunk: Buffer | string) => {
    if (chunk.toString().endsWith('\n')) then();
  });
}
