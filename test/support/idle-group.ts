import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A cgroup whose processes give way to all others at once, as a unit of systemd with `CPUWeight=idle`. */
export interface IdleGroup {
  /** File that puts a process into the group when its pid is written to it. */
  processes: string;
  /** Removes the group, which must be empty. */
  remove(): void;
}

const HYBRID = '/sys/fs/cgroup/cpu';
const UNIFIED = '/sys/fs/cgroup';

/** @throws Error where the kernel (before 5.15) or the machine has none, or without the superuser */
export function makeIdleGroup(): IdleGroup {
  const old = existsSync(join(HYBRID, 'cpu.shares'));
  if (!old) writeFileSync(join(UNIFIED, 'cgroup.subtree_control'), '+cpu');
  const directory = join(old ? HYBRID : UNIFIED, `openclaw-releases-${process.pid}-idle`);
  mkdirSync(directory);
  writeFileSync(join(directory, 'cpu.idle'), '1');
  return { processes: join(directory, 'cgroup.procs'), remove: () => rmdirSync(directory) };
}
