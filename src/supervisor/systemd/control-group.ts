import { readFileSync } from 'node:fs';

/** Groups of a process in systemd's hierarchy, v1 and v2 (cgroups(7)); empty when there is no such process. */
export function controlGroupsOf(pid: number): string[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => /^\d+:(?:name=systemd)?:(.*)$/.exec(line)?.[1] ?? []);
}
