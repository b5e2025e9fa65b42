import { systemCode } from '../core/errors.js';
import { descendantsOf, environmentOf, processIds } from './process.js';
import { waitUntil } from './wait.js';

const GONE_WITHIN_MS = 5_000;
const POLL_MS = 10;

/**
 * Kills a group, and on Linux its leader's descendants. Stops it first where there are any, because a stopped process
 * starts no others; not where there are none, because it would stay if this process were killed just then.
 */
export function killTree(leader: number): void {
  if (below(leader).length > 0) {
    send(-leader, 'SIGSTOP');
    killBelow(leader);
  }
  send(-leader, 'SIGKILL');
}

/** Kills the tree of this process, which must lead its group. It dies last, so it cannot stop itself first. */
export function killOwnTree(): void {
  killBelow(process.pid);
  send(-process.pid, 'SIGKILL');
}

/**
 * Kills orphans by a variable in their environment, because they notice a dead parent only when they next listen.
 * Returns when none is left, or after 5 s (a process stuck in the kernel writes nothing). Only on Linux.
 */
export async function killStartedWith(name: string, isOne: (value: string) => boolean): Promise<void> {
  if (process.platform !== 'linux') return;
  await waitUntil({ withinMs: GONE_WITHIN_MS, everyMs: POLL_MS }, () => {
    const found = processIds().filter((pid) => {
      const value = pid === process.pid ? undefined : environmentOf(pid)[name];
      return value !== undefined && isOne(value);
    });
    for (const pid of found) send(pid, 'SIGKILL');
    return found.length === 0;
  });
}

function killBelow(leader: number): void {
  for (const pid of below(leader)) send(pid, 'SIGKILL');
}

function below(leader: number): number[] {
  // Other systems have no /proc, so only the group is known.
  if (process.platform !== 'linux') return [];
  return descendantsOf(leader).filter((pid) => pid !== leader);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // The process is gone already.
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}
