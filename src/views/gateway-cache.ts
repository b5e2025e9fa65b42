import { join } from 'node:path';
import { argument } from '../core/profile.js';
import { readRecord, recordText } from '../core/record.js';
import type { Pid } from '../core/scalars.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { writeCache } from '../store/cache.js';
import type { Root } from '../store/root.js';
import type { Glance, Inspection, StartFacts, Supervisor } from '../supervisor/supervisor.js';

/** `gateway-cache.json`: systemd's facts about one start of the gateway, valid while that process runs. */
export interface StartRecord extends StartFacts {
  schema: 1;
  pid: Pid;
  instance: string;
}

type Look = Pick<Inspection, 'pid' | 'state' | 'restarts' | 'launch'>;

/** Inspects the gateway; null without a supervisor. Asks systemd once per start, which saves a third of the cost. */
export async function inspectThroughCache(root: Root, supervisor: Supervisor): Promise<Look | null> {
  const seen = supervisor.peek();
  const known = seen && (seen.start ?? recall(root, seen));
  if (known) {
    const args = known.port === null ? [] : ['--port', known.port];
    return { pid: seen.pid, state: 'running', restarts: known.restarts, launch: { args, env: seen.env } };
  }
  const found = await inspectIfThere(supervisor);
  // Without a glance of this start the cache would never match, so the next call asks again.
  if (found && seen?.instance === found.instance) keep(root, found);
  return found;
}

function pathOf(root: Root): string {
  return join(root.path, 'gateway-cache.json');
}

function recall(root: Root, { pid, instance }: Glance): StartFacts | null {
  const found = readRecord<StartRecord>(pathOf(root), 'gateway-cache');
  return found.state === 'ok' && found.value.pid === pid && found.value.instance === instance
    ? found.value
    : null;
}

function keep(root: Root, { pid, instance, restarts, launch }: Inspection): void {
  if (pid === null || instance === null) return;
  const record: StartRecord = {
    schema: 1,
    pid,
    instance,
    restarts,
    port: argument(launch.args, 'port') ?? null,
  };
  writeCache(pathOf(root), recordText(record));
}
