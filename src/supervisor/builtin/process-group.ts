import { groupHasMembers } from '../../host/process.js';
import { until } from '../poll.js';

const LEFTOVER_TERM_MS = 5_000;
const LEFTOVER_KILL_MS = 2_000;

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
  if (!groupHasMembers(group)) return;
  signalGroup(group, 'SIGTERM');
  if (await until(() => !groupHasMembers(group), LEFTOVER_TERM_MS)) return;
  signalGroup(group, 'SIGKILL');
  await until(() => !groupHasMembers(group), LEFTOVER_KILL_MS);
}
