import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** Limit in ms for the exit of a process that closed its answer channel; a crash may write a core file. */
const ENDING_MS = 10_000;

/** Waits for a child that closed its channel without an answer: its exit tells the cause, and a kill would hide it. */
export async function untilEnded(
  child: Pick<ChildProcess, 'pid' | 'exitCode' | 'signalCode'>,
  limitMs = ENDING_MS,
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  await once(child as ChildProcess, 'exit', { signal: AbortSignal.timeout(limitMs) }).catch(() => {});
}

/** Calls `then` after the one line of the answer, because the process may never exit (nodejs/node#54918). */
export function onceAnswered(output: Readable, then: () => void): void {
  output.on('data', (chunk: Buffer | string) => {
    if (chunk.toString().endsWith('\n')) then();
  });
}
