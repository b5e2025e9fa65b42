import { ReleasesError } from '../core/errors.js';
import { moment } from '../core/moment.js';
import { listenerPids } from '../host/listener.js';
import { commandLineOf, identify, isAlive, userOf } from '../host/process.js';
import { startedAt } from '../host/process-age.js';
import { waitUntil } from '../host/wait.js';
import type { Endpoint } from '../openclaw/endpoint.js';
import { sampleHealth } from '../openclaw/health.js';
import type { Supervisor } from '../supervisor/supervisor.js';

/** Milliseconds until SIGKILL; a draining gateway needs much less. */
const EVICTION_MS = 10_000;

/** Milliseconds after SIGKILL; a process that the kernel holds stays, and `checkListener` then refuses. */
const GONE_MS = 5_000;

/** A process that listens on the gateway's port but does not belong to its supervisor. */
export interface Orphan {
  pid: number;
  commandLine: string;
  /** ISO 8601. */
  since: string | null;
}

/**
 * Finds listeners that the supervisor does not own: they answer like the gateway and keep it from starting
 * (openclaw#7421).
 * @param main pid that the supervisor just reported; if it alone holds the port, nothing is searched
 */
export async function findOrphans(
  endpoint: Endpoint,
  supervisor: Supervisor,
  main: number | null = null,
): Promise<Orphan[]> {
  const { address, port, listener, isShared } = endpoint;
  if (main !== null && listener === main && !isShared) return [];
  const orphans: Orphan[] = [];
  for (const pid of listenerPids(port, address) ?? []) {
    if (pid === main || (await supervisor.owns(pid)) || !identify(pid)) continue;
    orphans.push({ pid, commandLine: commandLineOf(pid), since: startedAt(pid) });
  }
  return orphans;
}

/**
 * @param main as for `findOrphans`
 * @throws ReleasesError `port_held_by_orphan`, with pid, command line and start time
 */
export async function checkListener(
  endpoint: Endpoint,
  supervisor: Supervisor,
  main: number | null = null,
): Promise<void> {
  const [orphan] = await findOrphans(endpoint, supervisor, main);
  if (!orphan) return;
  const { pid, commandLine, since } = orphan;
  throw new ReleasesError(
    'port_held_by_orphan',
    `Port ${endpoint.port} is held by process ${pid}, which the supervisor does not own: ${commandLine}, since ${since === null ? 'an unknown time' : moment(since)}.`,
    {
      hint: `openclaw-releases update --evict-orphan, or inspect it first: ps -o pid,ppid,lstart,args -p ${pid}`,
    },
  );
}

/** Ends orphans of this user that answer like a gateway; leaves others for `checkListener`. Returns the ended pids. */
export async function evictOrphans(endpoint: Endpoint, supervisor: Supervisor): Promise<number[]> {
  const orphans = (await findOrphans(endpoint, supervisor)).map(({ pid }) => pid);
  if (orphans.length === 0 || !(await sampleHealth(endpoint)).live) return [];
  const own = orphans.filter((pid) => userOf(pid) === process.getuid?.());
  await Promise.all(own.map(endProcess));
  return own;
}

async function endProcess(pid: number): Promise<void> {
  const identity = identify(pid);
  if (!identity) return;
  process.kill(pid, 'SIGTERM');
  if (await waitUntil({ withinMs: EVICTION_MS }, () => !isAlive(identity))) return;
  process.kill(pid, 'SIGKILL');
  await waitUntil({ withinMs: GONE_MS }, () => !isAlive(identity));
}
