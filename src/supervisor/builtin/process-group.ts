import { START_VARIABLE } from '../../host/gateway-process.js';
import { environmentOf, identify, membersOf, type ProcessIdentity, processIds } from '../../host/process.js';
import { waitUntil } from '../../host/wait.js';

const LEFTOVER_TERM_MS = 5_000;
const LEFTOVER_KILL_MS = 2_000;

export function signalGroup(group: number, signal: NodeJS.Signals): void {
  signalTo(-group, signal);
}

function signalTo(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch {
    // ESRCH: gone. EPERM: not ours; the caller's time limit reports that.
  }
}

/**
 * Ends the processes that a gateway left, as an init system does with a cgroup: its process group, and what has the mark
 * of its start in a group of its own. OpenClaw may run the real gateway below a thin parent: after the parent's death
 * the child would keep the port, and every later start would fail. Its spawn broker has a group of its own, and what runs
 * below that may have the state open.
 * @param mark value of `OPENCLAW_RELEASES_START` of that start
 * @param group null where another group may have the gateway's pid by now
 */
export async function endLeftovers(
  gateway: ProcessIdentity,
  mark: string,
  group: number | null = gateway.pid,
): Promise<void> {
  const signalLeft = (signal: NodeJS.Signals | null): boolean => {
    const members = group === null ? [] : membersOf(group);
    const marked = markedBy(gateway, mark);
    if (signal && group !== null && members.length > 0) signalGroup(group, signal);
    if (signal) for (const pid of marked) signalTo(pid, signal);
    return members.length + marked.length > 0;
  };
  if (!signalLeft('SIGTERM')) return;
  if (await waitUntil({ withinMs: LEFTOVER_TERM_MS }, () => !signalLeft(null))) return;
  // Again and again: one may make another before its end.
  await waitUntil({ withinMs: LEFTOVER_KILL_MS }, () => !signalLeft('SIGKILL'));
}

/** Reads the environment of no process older than the gateway. */
function markedBy({ startTicks }: ProcessIdentity, mark: string): number[] {
  return processIds().filter(
    (pid) => (identify(pid)?.startTicks ?? -1) >= startTicks && environmentOf(pid)[START_VARIABLE] === mark,
  );
}
