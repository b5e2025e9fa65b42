import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf } from '../../host/process.js';
import { launchEnvironment } from '../builtin/launch.js';
import type { Glance } from '../supervisor.js';
import type { UnitAddress } from './systemctl.js';

/** Mount points of systemd's hierarchy: the only one, or beside those of cgroup v1. */
const MOUNTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'];

/**
 * Finds the main process in the control group of a service: systemd gives each process that it starts its own pid
 * (`SYSTEMD_EXEC_PID`, systemd.exec(5)), which children inherit and do not match. Null unless exactly one matches: an
 * older systemd sets no pid, a unit may have another slice, processes of another user cannot be read, and a reload runs
 * beside the gateway for a moment.
 */
export function glanceAtUnit(address: UnitAddress, mounts: readonly string[] = MOUNTS): Glance | null {
  const started = processesOf(groupOf(address), mounts).flatMap((pid) => {
    const env = environmentOf(pid);
    const { SYSTEMD_EXEC_PID: told, INVOCATION_ID: instance } = env;
    return told === String(pid) && instance ? [{ pid, instance, env: launchEnvironment(env) }] : [];
  });
  return started.length === 1 ? (started[0] ?? null) : null;
}

/** Default group; a unit may name another slice. */
function groupOf({ scope, unit }: UnitAddress): string {
  if (scope === 'system') return join('system.slice', unit);
  const uid = process.getuid?.();
  return join('user.slice', `user-${uid}.slice`, `user@${uid}.service`, 'app.slice', unit);
}

function processesOf(group: string, mounts: readonly string[]): number[] {
  for (const mount of mounts) {
    try {
      return readFileSync(join(mount, group, 'cgroup.procs'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map(Number);
    } catch {
      // Not this hierarchy, or not this group.
    }
  }
  return [];
}
