import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileDurably } from '../host/durable.js';
import type { Root } from '../store/root.js';
import type { Asker } from './plan.js';

/**
 * What others may want of a change under way. `restart-now`: the gateway is not waited for any longer, and there is no
 * countdown. `cancel`: the change ends before its switch.
 */
export const CHANGE_SIGNALS = ['restart-now', 'cancel'] as const;

export type ChangeSignal = (typeof CHANGE_SIGNALS)[number];

/** Says to the process that makes a change what is wanted of it. Needs no lock; saying it twice is saying it once. */
export function sendSignal(root: Root, change: string, wanted: ChangeSignal, by: Asker): void {
  const at = new Date().toISOString();
  writeFileDurably(signalPath(root, change, wanted), `${JSON.stringify({ by, at })}\n`, 0o600);
}

/** Who wants it, or null where nobody does. That the file is there is what counts, whatever is in it. */
export function signalledBy(root: Root, change: string, wanted: ChangeSignal): Asker | null {
  let text: string;
  try {
    text = readFileSync(signalPath(root, change, wanted), 'utf8');
  } catch {
    return null;
  }
  if (text.includes('"gateway"')) return 'gateway';
  return text.includes('"timer"') ? 'timer' : 'person';
}

/** Nobody is there any more to fulfil them. One that cannot be removed goes with the next change. */
export function clearSignals(root: Root, change: string): void {
  for (const wanted of CHANGE_SIGNALS) {
    try {
      rmSync(signalPath(root, change, wanted), { force: true });
    } catch {}
  }
}

/** Names in `staging/` that belong to a change and are not its directory. */
export function signalNames(change: string): string[] {
  return CHANGE_SIGNALS.map((wanted) => `${change}.${wanted}`);
}

function signalPath(root: Root, change: string, wanted: ChangeSignal): string {
  return join(root.staging, `${change}.${wanted}`);
}
