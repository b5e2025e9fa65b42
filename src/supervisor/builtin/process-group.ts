import { groupHasMembers } from '../../host/process.js';
import { waitUntil } from '../../host/wait.js';

const LEFTOVER_TERM_MS = 5_000;
const LEFTOVER_KILL_MS = 2_000;

export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // ESRCH: empty. EPERM: no process in the group is ours; the caller's time limit reports that.
  }
}

/**
 * Ends the processes that a gateway left in its process group, as an init system does with a cgroup. OpenClaw may run
 * the real gateway below a thin parent: after the parent's death the child would keep the port, and every later start
 * would fail.
 */
export async function endLeftovers(group: number): Promise<void> {
  if (!groupHasMembers(group)) return;
  signalGroup(group, 'SIGTERM');
  const isEmpty = () => !groupHasMembers(group);
  if (await waitUntil({ withinMs: LEFTOVER_TERM_MS }, isEmpty)) return;
  signalGroup(group, 'SIGKILL');
  await waitUntil({ withinMs: LEFTOVER_KILL_MS }, isEmpty);
}
