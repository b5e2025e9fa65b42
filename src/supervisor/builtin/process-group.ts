import { START_VARIABLE } from '../../host/gateway-process.js';
import { environmentOf, membersOf, processIds } from '../../host/process.js';
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
 */
export async function endLeftovers(group: number, mark: string): Promise<void> {
  const left = () => [...membersOf(group), ...markedBy(mark)];
  const areGone = (signal: NodeJS.Signals, withinMs: number) => {
    for (const pid of new Set(left())) signalTo(pid, signal);
    return waitUntil({ withinMs }, () => left().length === 0);
  };
  if (left().length === 0 || (await areGone('SIGTERM', LEFTOVER_TERM_MS))) return;
  await areGone('SIGKILL', LEFTOVER_KILL_MS);
}

function markedBy(mark: string): number[] {
  return processIds().filter((pid) => environmentOf(pid)[START_VARIABLE] === mark);
}
