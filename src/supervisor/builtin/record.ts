import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileDurably } from '../../host/durable.js';
import { identify, type ProcessIdentity } from '../../host/process.js';

/** `run.json`: who supervises this root, and the gateway it started last. */
export interface RunRecord {
  supervisor: ProcessIdentity;
  gateway: ProcessIdentity | null;
}

const pathOf = (root: string) => join(root, 'run.json');

/** A pid alone returns; a pid with its start does not. */
export function instanceOf({ pid, startTicks }: ProcessIdentity): string {
  return `${pid}-${startTicks}`;
}

function isIdentity(value: unknown): value is ProcessIdentity {
  const { pid, startTicks, bootId } = (value ?? {}) as Partial<ProcessIdentity>;
  return (
    Number.isInteger(pid) && Number(pid) > 0 && Number.isFinite(startTicks) && typeof bootId === 'string'
  );
}

/** The record, or null when there is none that can be understood: it only ever adds certainty. */
export function readRunRecord(root: string): RunRecord | null {
  try {
    const { supervisor, gateway } = JSON.parse(readFileSync(pathOf(root), 'utf8'));
    if (!isIdentity(supervisor)) return null;
    // Process 1 is never a gateway of ours, and as a process group it would mean every process there is.
    return { supervisor, gateway: isIdentity(gateway) && gateway.pid > 1 ? gateway : null };
  } catch {
    return null;
  }
}

/** Names this process as the supervisor. A full disk must not keep the gateway down, so failure is only told. */
export function writeRunRecord(
  root: string,
  gateway: ProcessIdentity | null,
  log: (line: string) => void,
): void {
  try {
    const record = { supervisor: identify(process.pid), gateway };
    writeFileDurably(pathOf(root), `${JSON.stringify(record)}\n`, 0o600);
  } catch (error) {
    log(`run.json could not be written: ${String(error)}`);
  }
}

export function removeRunRecord(root: string): void {
  rmSync(pathOf(root), { force: true });
}
