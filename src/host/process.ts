import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { systemCode } from '../core/errors.js';

/**
 * Who a process is, beyond its pid: pids are reused, and after a reboot they all are.
 * `startTicks` is field 22 of /proc/<pid>/stat, in clock ticks since boot.
 */
export interface ProcessIdentity {
  pid: number;
  startTicks: number;
  bootId: string;
}

/** Linux counts process times in these, whatever the kernel's own clock is. */
export const TICKS_PER_SECOND = 100;

/** No file descriptor left, in this process or on the machine; no memory. */
const OWN_LACKS = new Set<string | undefined>(['EMFILE', 'ENFILE', 'ENOMEM']);

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // The lack is ours, and says nothing about the other process: a living one must not be taken for dead.
    if (OWN_LACKS.has(systemCode(error))) throw error;
    // Gone between two looks, or not ours to read: either way there is nothing to say about it.
    return null;
  }
}

interface Stat {
  state: string;
  ppid: number;
  group: number;
  session: number;
  cpuTicks: number;
  startTicks: number;
}

/** The fields of proc(5) after the command name, which may itself hold spaces and parentheses. */
function stat(pid: number): Stat | null {
  const text = read(`/proc/${pid}/stat`);
  if (!text) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    ppid: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    startTicks: Number(fields[19]),
  };
}

/** The identifier the kernel draws at each boot. */
export function bootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown';
}

/** The identity of a living process, or null when there is none with this pid. */
export function identify(pid: number): ProcessIdentity | null {
  const found = stat(pid);
  if (!found || found.state === 'Z') return null;
  return { pid, startTicks: found.startTicks, bootId: bootId() };
}

/** The session of a process (the pid of the process that began it), or null when there is no such process. */
export function sessionOf(pid: number): number | null {
  return stat(pid)?.session ?? null;
}

/**
 * Whether a process group has members. Zombies do not count: a container's first process may never collect those
 * that it inherits, and they hold no port and no file.
 */
export function groupHasMembers(group: number): boolean {
  return processIds().some((pid) => {
    const found = stat(pid);
    return found !== null && found.group === group && found.state !== 'Z';
  });
}

/** Whether exactly this process still lives: same pid, same start, same boot. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== null && now.startTicks === identity.startTicks && now.bootId === identity.bootId;
}

/** All pids that can be seen. */
export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Whether `pid` is `ancestor` or runs below it. */
export function descendsFrom(pid: number, ancestor: number): boolean {
  // Bounded: the table can change while it is walked.
  for (let at = pid, depth = 0; at > 0 && depth < 256; depth++) {
    if (at === ancestor) return true;
    at = stat(at)?.ppid ?? 0;
  }
  return false;
}

/** When a living process was started, as ISO 8601 to the second; null when there is none. */
export function startedAt(pid: number): string | null {
  const ticks = stat(pid)?.startTicks;
  const uptime = Number(read('/proc/uptime')?.split(' ')[0]);
  if (ticks === undefined || Number.isNaN(uptime)) return null;
  const bootedAt = Date.now() - uptime * 1000;
  return new Date(bootedAt + (ticks / TICKS_PER_SECOND) * 1000).toISOString().replace(/\.\d+/, '');
}

/** Processor time that `pid` and everything below it have used, in clock ticks (100 a second on Linux). */
export function cpuTicks(pid: number): number {
  let total = stat(pid)?.cpuTicks ?? 0;
  for (const other of processIds()) {
    if (other !== pid && descendsFrom(other, pid)) total += stat(other)?.cpuTicks ?? 0;
  }
  return total;
}

/** The environment a process was started with, as the kernel keeps it; empty when it may not be read. */
export function environmentOf(pid: number): Record<string, string> {
  const entries = read(`/proc/${pid}/environ`)?.split('\0').filter(Boolean) ?? [];
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** The real path of the program a process runs, or null when it may not be read. */
export function executableOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return null;
  }
}

/** The command line of a process, for people to read: OpenClaw rewrites its own, so never decide by it. */
export function commandLineOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() ?? '';
}
