import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { systemCode } from '../core/errors.js';
import { ifPossible } from '../core/if-possible.js';
import type { Pid } from '../core/scalars.js';
import { withoutSecrets } from '../core/secret-words.js';

/** Identity beyond reused pids. `startTicks` is field 22 of /proc/<pid>/stat, in clock ticks since boot. */
export interface ProcessIdentity {
  pid: Pid;
  startTicks: number;
  bootId: string;
}

/** Linux reports process times in this unit, independent of the kernel's own clock. */
export const TICKS_PER_SECOND = 100;

/** Errors of this process or machine: no file descriptor or no memory left. */
const OWN_LACKS = new Set<string | undefined>(['EMFILE', 'ENFILE', 'ENOMEM']);

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // Such an error says nothing about the other process, which may live.
    if (OWN_LACKS.has(systemCode(error))) throw error;
    // The process is gone, or its file may not be read.
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

/** Reads proc(5) after the command name, which may have spaces and parentheses; times with those of children that ended. */
function stat(pid: number | string): Stat | null {
  const text = read(`/proc/${pid}/stat`);
  if (!text) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    ppid: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    cpuTicks: fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0),
    startTicks: Number(fields[19]),
  };
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Identifier of this boot, from the kernel; `unknown` when it cannot be read. */
export function bootId(): string {
  return read(BOOT_ID)?.trim() ?? 'unknown';
}

/**
 * Identifier of this boot as a process sees it: a container mounts one of its own over that of its host, and the sandbox
 * of a unit (`ProtectKernelTunables=`) uncovers the host's. Null when the process cannot be looked at.
 */
export function bootIdSeenBy(pid: number): string | null {
  return read(`/proc/${pid}/root${BOOT_ID}`)?.trim() ?? null;
}

/** Identity of a living process; null for a zombie or an unused pid. */
export function identify(pid: number): ProcessIdentity | null {
  const found = stat(pid);
  if (!found || found.state === 'Z') return null;
  return { pid, startTicks: found.startTicks, bootId: bootId() };
}

/** Session of a process (pid of the process that started it); null when the process is gone. */
export function sessionOf(pid: number): number | null {
  return stat(pid)?.session ?? null;
}

/** Members of a process group but zombies: these hold no port, and a container may keep them. */
export function membersOf(group: number): number[] {
  return processIds().filter((pid) => {
    const found = stat(pid);
    return found !== null && found.group === group && found.state !== 'Z';
  });
}

/** Returns true when pid, start and boot are still those of a living process. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== null && isSameProcess(now, identity);
}

export function isSameProcess(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.pid === other.pid && one.startTicks === other.startTicks && one.bootId === other.bootId;
}

export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Returns true when `pid` is `ancestor` or runs below it. */
export function descendsFrom(pid: number, ancestor: number): boolean {
  return ancestry(pid).includes(ancestor);
}

/** This process and those above it, nearest first. */
export function ancestry(pid: number): number[] {
  const found: number[] = [];
  // Depth limit, because the process table can change during the walk.
  for (let at = pid; at > 0 && found.length < 256; at = stat(at)?.ppid ?? 0) found.push(at);
  return found;
}

export function parentOf(pid: number): number | null {
  return stat(pid)?.ppid ?? null;
}

export function descendantsOf(pid: number): number[] {
  return processIds().filter((other) => descendsFrom(other, pid));
}

/** Work of a process and its descendants. */
export interface Activity {
  /** Processor time until now, in clock ticks (100 a second on Linux). */
  ticks: number;
  /** A thread runs now, or would if the host let it: it waits for a processor or a disk. */
  wantsToRun: boolean;
}

export function activityOf(pid: number): Activity {
  const family = descendantsOf(pid);
  return {
    ticks: family.reduce((total, each) => total + (stat(each)?.cpuTicks ?? 0), 0),
    wantsToRun: family.some((each) => {
      const threads = ifPossible(() => readdirSync(`/proc/${each}/task`)) ?? [];
      return threads.some((id) => ['R', 'D'].includes(stat(`${each}/task/${id}`)?.state ?? ''));
    }),
  };
}

/** Name of the program as the kernel has it, at most 15 characters; null when the process is gone. */
export function nameOf(pid: number): string | null {
  return read(`/proc/${pid}/comm`)?.trimEnd() ?? null;
}

export function argumentsOf(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`)?.split('\0').filter(Boolean) ?? [];
}

export function directoryOf(pid: number): string | null {
  return ifPossible(() => readlinkSync(`/proc/${pid}/cwd`)) ?? null;
}

/** Environment at the start of a process, from the kernel; empty when it may not be read. */
export function environmentOf(pid: number): Record<string, string> {
  const entries = read(`/proc/${pid}/environ`)?.split('\0').filter(Boolean) ?? [];
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** Files, sockets and pipes that a process has open, as the kernel names them; none where they may not be read. */
export function openFilesOf(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  const names = ifPossible(() => readdirSync(directory)) ?? [];
  // One may have been closed since.
  return names.flatMap((fd) => ifPossible(() => readlinkSync(`${directory}/${fd}`)) ?? []);
}

/** Real path of a process's program; null when it may not be read. */
export function executableOf(pid: number): string | null {
  return ifPossible(() => readlinkSync(`/proc/${pid}/exe`)) ?? null;
}

/** User as whom a process acts; null when it is gone. */
export function userOf(pid: number): number | null {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? null;
}

/** True for a process that the superuser has started: a user starts a set-user-ID program with any name and arguments. */
export function isOfSuperuser(pid: number): boolean {
  const program = ifPossible(() => statSync(`/proc/${pid}/exe`));
  const isAlwaysOwn = /^Uid:\t0\t0\t0\t0$/m.test(read(`/proc/${pid}/status`) ?? '');
  return isAlwaysOwn && program !== undefined && program !== null && (program.mode & 0o4000) === 0;
}

/** Command line for people to read, without secrets. Never decide by it: OpenClaw rewrites its own. */
export function commandLineOf(pid: number): string {
  return withoutSecrets(argumentsOf(pid));
}
