import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { commandLineOf, descendsFrom, identify, isAlive, processIds } from '../../src/host/process.js';
import { until } from '../support/place.js';

/** Name of a dead supervisor's watcher, which knows nothing of the world but two numbers. */
export const WATCHER = 'openclaw-releases-watcher';

function mentions(pid: number, path: string): boolean {
  try {
    const told =
      readFileSync(`/proc/${pid}/environ`, 'latin1') + readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    return told.includes(path);
  } catch {
    return false;
  }
}

/** Living processes that were started in a world, which its path tells, or below one of the processes named. */
export function processesOf(path: string, ancestors: number[] = []): number[] {
  return processIds().filter(
    (pid) =>
      identify(pid) !== null &&
      pid !== process.pid &&
      (mentions(pid, path) || ancestors.some((ancestor) => descendsFrom(pid, ancestor))),
  );
}

export function nameProcess(pid: number): string {
  return `${pid} (${commandLineOf(pid)})`;
}

/** Parent of a process, what it waits for in the kernel, and what it has open: for a person who asks why it is there. */
export function describeProcess(pid: number): string {
  try {
    const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
    const status = read('status').match(/^(State|PPid|NSpgid|NSsid|SigBlk|SigCgt):.*$/gm) ?? [];
    const files = readdirSync(`/proc/${pid}/fd`).map(
      (fd) => `${fd} ${readlinkSync(`/proc/${pid}/fd/${fd}`)}`,
    );
    return [nameProcess(pid), `wchan ${read('wchan')}`, ...status, ...files].join('\n  ');
  } catch (error) {
    return `${pid}: ${error}`;
  }
}

export function sendKill(pid: number | null): void {
  if (pid === null) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

/** Kills all that `processesOf` finds, until it finds nothing more. */
export async function endProcesses(path: string, ancestors: number[]): Promise<void> {
  const found = processesOf(path, ancestors)
    .map(identify)
    .filter((identity) => identity !== null);
  for (const { pid } of found) sendKill(pid);
  await until('everything of the world is dead', () => {
    const left = processesOf(path);
    for (const pid of left) sendKill(pid);
    return left.length === 0 && !found.some(isAlive);
  });
}
