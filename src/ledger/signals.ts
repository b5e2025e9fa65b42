import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { LARGEST, readPlainFile, UnusableFile } from '../core/bounded-file.js';
import { writeFileDurably } from '../host/durable.js';
import type { Root } from '../store/root.js';
import type { Initiator } from './plan.js';
import { progressName } from './progress.js';

/** `restart-now` ends the wait for an idle gateway and the countdown; `cancel` ends the change before its switch. */
const CHANGE_SIGNALS = ['restart-now', 'cancel'] as const;

export type ChangeSignal = (typeof CHANGE_SIGNALS)[number];

/** Writes a signal for the process that makes the change. Needs no lock; sending it twice has no further effect. */
export function sendSignal(root: Root, change: string, wanted: ChangeSignal, by: Initiator): void {
  const at = new Date().toISOString();
  writeFileDurably(signalPath(root, change, wanted), `${JSON.stringify({ by, at })}\n`, 0o600);
}

/** Returns the sender, or null without a signal. The file's existence counts, even if its text is corrupt. */
export function signalledBy(root: Root, change: string, wanted: ChangeSignal): Initiator | null {
  let text: string;
  try {
    text = readPlainFile(signalPath(root, change, wanted), LARGEST).toString();
  } catch (error) {
    return error instanceof UnusableFile ? 'person' : null;
  }
  if (text.includes('"gateway"')) return 'gateway';
  return text.includes('"timer"') ? 'timer' : 'person';
}

/** Removes the signals and the progress that no process will read any more. A leftover file is removed with the next change. */
export function clearSignals(root: Root, change: string): void {
  for (const name of signalNames(change)) {
    try {
      rmSync(join(root.staging, name), { force: true });
    } catch {}
  }
}

export function signalNames(change: string): string[] {
  const signals = CHANGE_SIGNALS.map((wanted) => `${change}.${wanted}`);
  return [...signals, progressName(change), `${progressName(change)}.new`];
}

function signalPath(root: Root, change: string, wanted: ChangeSignal): string {
  return join(root.staging, `${change}.${wanted}`);
}
