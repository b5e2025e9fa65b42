import { statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { ReleasesError } from '../core/errors.js';
import { holdsPort, listenerPids } from '../host/listener.js';
import { commandLineOf, identify, isAlive, startedAt } from '../host/process.js';
import type { Endpoint } from '../openclaw/endpoint.js';
import { sampleHealth } from '../openclaw/health.js';
import type { Supervisor } from '../supervisor/supervisor.js';

/** A gateway that drains ends well within this; one that does not is killed. */
const EVICTION_MS = 10_000;

/** A process that holds the gateway's port without belonging to its supervisor. */
export interface Orphan {
  pid: number;
  commandLine: string;
  /** ISO 8601. */
  since: string | null;
}

/**
 * What a process like that answers looks like the gateway, and the gateway itself cannot start (openclaw#7421).
 * @param main a process of which the supervisor has just said that it is the gateway's: where it holds the port by itself,
 *   no other is looked at
 */
export async function findOrphans(
  endpoint: Endpoint,
  supervisor: Supervisor,
  main: number | null = null,
): Promise<Orphan[]> {
  if (main !== null && holdsPort(endpoint.port, main)) return [];
  const orphans: Orphan[] = [];
  for (const pid of listenerPids(endpoint.port) ?? []) {
    // It may have ended, or become the supervisor's, between two looks.
    if (pid === main || (await supervisor.owns(pid)) || !identify(pid)) continue;
    orphans.push({ pid, commandLine: commandLineOf(pid), since: startedAt(pid) });
  }
  return orphans;
}

/** @throws ReleasesError `port_held_by_orphan`, which names it: pid, command line, start */
export async function checkListener(endpoint: Endpoint, supervisor: Supervisor): Promise<void> {
  const [orphan] = await findOrphans(endpoint, supervisor);
  if (!orphan) return;
  const { pid, commandLine, since } = orphan;
  throw new ReleasesError(
    'port_held_by_orphan',
    `Port ${endpoint.port} is held by process ${pid}, which the supervisor does not own: ${commandLine}, since ${since}.`,
    {
      hint: `openclaw-releases update --evict-orphan, or look at it first: ps -o pid,ppid,lstart,args -p ${pid}`,
    },
  );
}

/**
 * Ends orphans that are proven to be gateways: of this user, and answering on the gateway's port as one does.
 * Anything else on the port is left alone, for `checkListener` to name. Answers the pids that were ended.
 */
export async function evictOrphans(endpoint: Endpoint, supervisor: Supervisor): Promise<number[]> {
  const orphans = (await findOrphans(endpoint, supervisor)).map(({ pid }) => pid);
  if (orphans.length === 0 || !(await sampleHealth(endpoint)).live) return [];
  const own = orphans.filter(
    (pid) => statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === process.getuid?.(),
  );
  await Promise.all(own.map(endProcess));
  return own;
}

async function endProcess(pid: number): Promise<void> {
  const identity = identify(pid);
  if (!identity) return;
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + EVICTION_MS;
  while (isAlive(identity)) {
    if (performance.now() > deadline) process.kill(pid, 'SIGKILL');
    await setTimeout(100);
  }
}
