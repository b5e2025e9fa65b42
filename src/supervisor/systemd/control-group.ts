import { readFileSync } from 'node:fs';

/** Where a process is in systemd's own hierarchy, of either version or both (cgroups(7)); nowhere when there is no such process. */
export function controlGroupsOf(pid: number): string[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => /^\d+:(?:name=systemd)?:(.*)$/.exec(line)?.[1] ?? []);
}
