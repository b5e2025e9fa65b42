import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { LARGEST, readPlainFile } from '../../core/bounded-file.js';
import { writeFileDurably } from '../../host/durable.js';
import { ancestry, identify, nameOf, type ProcessIdentity } from '../../host/process.js';
import type { StartFacts } from '../supervisor.js';

/** `run.json`: the supervisor of this root and the gateway that it started last. */
export interface RunRecord {
  supervisor: ProcessIdentity;
  /** Processes above the supervisor, nearest first, up to the program that keeps it running. */
  parents: ProcessIdentity[];
  gateway: GatewayRecord | null;
}

export interface GatewayRecord extends ProcessIdentity {
  start?: StartFacts;
  /** Value of `OPENCLAW_RELEASES_START` of its start. */
  mark?: string;
}

/** Programs that wait for the command that they start. */
const WRAPPER = /^(?:su|sudo|doas|runuser|timeout|sh|ash|dash|bash|zsh|busybox)$/;

/** Processes above this one, nearest first, up to the first that is no wrapper. */
export function parentsOf(pid: number): ProcessIdentity[] {
  const above = ancestry(pid).slice(1);
  const outer = above.findIndex((one) => !WRAPPER.test(nameOf(one) ?? ''));
  return above.slice(0, outer + 1 || undefined).flatMap((one) => identify(one) ?? []);
}

let parents: ProcessIdentity[] | undefined;

/** Reads the parents at the first call, because a process whose parent ends gets another one. */
export function ownParents(): ProcessIdentity[] {
  parents ??= parentsOf(process.pid);
  return parents;
}

const pathOf = (root: string) => join(root, 'run.json');

/** The kernel reuses a pid, but not with its start time. */
export function instanceOf({ pid, startTicks }: ProcessIdentity): string {
  return `${pid}-${startTicks}`;
}

function isIdentity(value: unknown): value is GatewayRecord {
  const { pid, startTicks, bootId, start, mark = '' } = (value ?? {}) as Partial<GatewayRecord>;
  const isProcess = Number.isInteger(pid) && Number(pid) > 0 && Number.isFinite(startTicks);
  const hasKinds = typeof bootId === 'string' && typeof mark === 'string';
  return isProcess && hasKinds && (start === undefined || isStart(start));
}

function isStart(start: Partial<StartFacts> | null): boolean {
  return Number.isInteger(start?.restarts) && (start?.port === null || typeof start?.port === 'string');
}

/** Null also for a corrupt record, which only adds certainty. */
export function readRunRecord(root: string): RunRecord | null {
  try {
    const { supervisor, parents, gateway } = JSON.parse(readPlainFile(pathOf(root), LARGEST).toString());
    if (!isIdentity(supervisor)) return null;
    return {
      supervisor,
      parents: Array.isArray(parents) ? parents.filter(isIdentity) : [],
      // Process 1 is never our gateway, and -1 as a process group would mean every process.
      gateway: isIdentity(gateway) && gateway.pid > 1 ? gateway : null,
    };
  } catch {
    return null;
  }
}

/** Names this process as the supervisor. Only logs a failure: a full disk must not keep the gateway down. */
export function writeRunRecord(
  root: string,
  gateway: GatewayRecord | null,
  log: (line: string) => void,
): void {
  try {
    const record = { supervisor: identify(process.pid), parents: ownParents(), gateway };
    writeFileDurably(pathOf(root), `${JSON.stringify(record)}\n`, 0o600);
  } catch (error) {
    log(`run.json could not be written: ${String(error)}`);
  }
}

export function removeRunRecord(root: string): void {
  rmSync(pathOf(root), { force: true });
}
