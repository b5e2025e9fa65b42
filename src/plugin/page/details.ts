import type { TimerStatus } from '../../timer/status.js';
import type { Listing } from '../../views/releases.js';
import type { PageData } from '../page-data.js';
import { Busy, look } from './client.js';
import { model } from './model.js';

/** Milliseconds after which `list` and `timer` are asked again, though nothing has changed. */
const OLD = 30 * 60_000;

/** State that the details of the model were asked for. */
let detailsOf = '';

export function forgetDetails(): void {
  detailsOf = '';
}

/**
 * Asks only when the answer may have changed and no change runs, because each request starts a process.
 * @returns true after it has asked
 */
export async function askDetails({
  running,
  releases,
  current,
  gateway,
  changes,
  hold,
  skip,
}: PageData): Promise<boolean> {
  const ids = releases.map(({ id }) => id);
  const turn = Math.floor(Date.now() / OLD);
  const of = JSON.stringify([ids, current, gateway.pid, changes[0]?.change, hold, skip, turn]);
  if (running || document.hidden || of === detailsOf) return false;
  detailsOf = of;
  try {
    const { releases: listed, rollback } = await look<Listing>('list', 60_000);
    model.reads = new Map(listed.map((release) => [release.id, release]));
    model.proof = rollback;
    model.timer = await look<TimerStatus>('timer', 60_000);
  } catch (error) {
    // The next picture asks again. Otherwise details stay as they were until something changes.
    if (error instanceof Busy && detailsOf === of) forgetDetails();
  }
  return true;
}
