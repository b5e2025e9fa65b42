import { join } from 'node:path';
import { textOf } from '../account.js';
import type { UnitAddress } from './systemctl.js';

/** Mount points of systemd's hierarchy: the only one, or beside those of cgroup v1. */
const MOUNTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'];

/** Groups of a process in systemd's hierarchy, v1 and v2 (cgroups(7)); empty when there is no such process. */
export function controlGroupsOf(pid: number): string[] {
  return textOf(`/proc/${pid}/cgroup`)
    .split('\n')
    .flatMap((line) => /^\d+:(?:name=systemd)?:(.*)$/.exec(line)?.[1] ?? []);
}

/** Processes in the default group of a unit; empty for a unit in another slice. */
export function processesOfUnit(address: UnitAddress, mounts: readonly string[] = MOUNTS): number[] {
  const group = groupOf(address);
  const inGroup = (mount: string) =>
    textOf(join(mount, group, 'cgroup.procs'))
      .split('\n')
      .filter(Boolean);
  return (
    mounts
      .map(inGroup)
      .find((pids) => pids.length > 0)
      ?.map(Number) ?? []
  );
}

function groupOf({ scope, unit }: UnitAddress): string {
  if (scope === 'system') return join('system.slice', unit);
  const uid = process.getuid?.();
  return join('user.slice', `user-${uid}.slice`, `user@${uid}.service`, 'app.slice', unit);
}
