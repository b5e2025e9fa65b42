import { setPriority } from 'node:os';
import { ifPossible } from '../core/if-possible.js';
import { exec } from './exec.js';
import { BACKGROUND_NICE, setOwnSessionPriority } from './session-priority.js';

const LEAST_NICE = 19;
const WITHIN_MS = 5_000;

/**
 * Gives this process the processor and the disk only where nobody else wants them. The kernel allows no way back. The
 * disk's priority is of the thread that reads files, which is the main one as long as they are read synchronously.
 */
export async function yieldToAll(): Promise<void> {
  ifPossible(() => setPriority(LEAST_NICE));
  await setOwnSessionPriority(BACKGROUND_NICE);
  await exec('ionice', ['-c3', '-p', String(process.pid)], { env: process.env, timeoutMs: WITHIN_MS });
}
