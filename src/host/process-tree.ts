import { setTimeout } from 'node:timers/promises';
import { systemCode } from '../core/errors.js';
import { descendsFrom, environmentOf, processIds } from './process.js';

const GONE_WITHIN_MS = 5_000;
const POLL_MS = 10;

/**
 * Kills a process that leads its own group, the group, and on Linux also what it started outside of the group.
 * They are stopped first: what is stopped starts nothing more while the rest is looked for.
 */
export function killTree(leader: number): void {
  send(-leader, 'SIGSTOP');
  killBelow(leader);
  send(-leader, 'SIGKILL');
}

/** The same for this process, which must lead its own group: it dies last, and cannot stop itself before. */
export function killOwnTree(): void {
  killBelow(process.pid);
  send(-process.pid, 'SIGKILL');
}

/**
 * Kills every process that was started with a variable in its environment, and returns when none is left, or after
 * 5 s: what the kernel does not let go of writes nothing either. For what outlives its parent: a child hears of that
 * end only when it next listens. On Linux alone: elsewhere nobody's environment can be read.
 */
export async function killStartedWith(name: string, isOne: (value: string) => boolean): Promise<void> {
  if (process.platform !== 'linux') return;
  const deadline = performance.now() + GONE_WITHIN_MS;
  for (;;) {
    const found = processIds().filter((pid) => {
      const value = pid === process.pid ? undefined : environmentOf(pid)[name];
      return value !== undefined && isOne(value);
    });
    if (found.length === 0 || performance.now() > deadline) return;
    for (const pid of found) send(pid, 'SIGKILL');
    await setTimeout(POLL_MS);
  }
}

function killBelow(leader: number): void {
  // Elsewhere there is no /proc to look in, and the group is all that can be known.
  if (process.platform !== 'linux') return;
  const below = processIds().filter((pid) => pid !== leader && descendsFrom(pid, leader));
  for (const pid of below) send(pid, 'SIGKILL');
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone by itself meanwhile.
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}
