import { systemCode } from '../errors.js';
import { descendsFrom, processIds } from './process.js';

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
