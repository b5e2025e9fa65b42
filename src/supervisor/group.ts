import { readFileSync } from 'node:fs';
import { processIds } from '../host/process.js';
import { until } from './until.js';

const LEFTOVER_TERM_MS = 5_000;
const LEFTOVER_KILL_MS = 2_000;

interface Membership {
  state: string;
  group: number;
  session: number;
}

/** Fields 3, 5 and 6 of /proc/<pid>/stat (proc(5)), counted after the command name, which may hold anything. */
function membership(pid: number): Membership | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', , group, session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, group: Number(group), session: Number(session) };
  } catch {
    // Gone since it was listed.
    return null;
  }
}

/** The session of a process (the pid of the process that began it), or null when there is no such process. */
export function sessionOf(pid: number): number | null {
  return membership(pid)?.session ?? null;
}

function hasMembers(group: number): boolean {
  return processIds().some((pid) => {
    const found = membership(pid);
    // A container's first process may never collect the zombies it inherits; they hold no port and no file.
    return found !== null && found.group === group && found.state !== 'Z';
  });
}

/** Sends a signal to every process of a group; a group that is already empty is fine. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // ESRCH: empty. EPERM: nothing in it is ours to end, and the caller's time limit says so.
  }
}

/**
 * Ends what a gateway left behind in its process group after its main process is gone, as an init system does
 * with a unit's cgroup. OpenClaw may run the real gateway below a thin parent: when that parent is killed or
 * crashes, the child would keep the port, and every later start would fail on it.
 */
export async function endLeftovers(group: number): Promise<void> {
  if (!hasMembers(group)) return;
  signalGroup(group, 'SIGTERM');
  if (await until(() => !hasMembers(group), LEFTOVER_TERM_MS)) return;
  signalGroup(group, 'SIGKILL');
  await until(() => !hasMembers(group), LEFTOVER_KILL_MS);
}
