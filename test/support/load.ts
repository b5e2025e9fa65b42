import { setTimeout } from 'node:timers/promises';
import { CHUNK_NAMES } from '../registry/gateway-package.js';

/** Results of a load: answers of one version, of two, errors of the gateway, and requests nobody answered. */
export interface Tally {
  whole: number;
  mixed: number;
  /** `ERR_MODULE_NOT_FOUND`, `SyntaxError` for a missing export, … */
  broken: Record<string, number>;
  unanswered: number;
}

/** Pace so slow that every process still has chunks it never loaded when it is replaced. */
const EVERY_MS = 25;

export function emptyTally(): Tally {
  return { whole: 0, mixed: 0, broken: {}, unanswered: 0 };
}

/** Asks for work that needs one lazy chunk after the other, until aborted; `tally` can be looked at meanwhile. */
export async function steadyLoad(url: string, signal: AbortSignal, tally = emptyTally()): Promise<Tally> {
  for (let n = 0; !signal.aborted; n++) {
    await ask(`${url.replace(/\/$/, '')}/work/${n % CHUNK_NAMES.length}`, tally);
    await setTimeout(EVERY_MS, undefined, { signal }).catch(() => {});
  }
  return tally;
}

async function ask(url: string, tally: Tally): Promise<void> {
  const response = await fetch(url, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(2_000),
  }).catch(() => null);
  const body = (await response?.json().catch(() => null)) as Record<string, string> | null;
  if (!response || !body) tally.unanswered++;
  else if (response.status === 500)
    tally.broken[body.error ?? ''] = (tally.broken[body.error ?? ''] ?? 0) + 1;
  else if (response.status === 503) tally.unanswered++;
  else if (new Set([body.core, body.chunk, body.shared]).size > 1) tally.mixed++;
  else tally.whole++;
}
