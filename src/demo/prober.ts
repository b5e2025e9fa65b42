import { request } from 'node:http';
import { waitUntil } from '../host/wait.js';

export interface Outage {
  at: string;
  ms: number;
}

/** Milliseconds; longer than any demonstration. */
const LONGEST_MS = 3_600_000;
const ANSWER_WITHIN_MS = 1_000;

/** Asks for `/healthz` until aborted and notes every period without an answer. */
export class Prober {
  readonly outages: Outage[] = [];
  requests = 0;

  async run(url: string, signal: AbortSignal): Promise<void> {
    let lastAnswer: number | null = null;
    let missing = false;
    await waitUntil({ withinMs: LONGEST_MS }, async () => {
      const answered = await answers(`${url}/healthz`);
      const now = performance.now();
      this.requests++;
      if (answered) {
        if (missing && lastAnswer !== null) this.note(now - lastAnswer);
        lastAnswer = now;
      }
      missing = !answered;
      return signal.aborted;
    });
  }

  take(): Outage[] {
    return this.outages.splice(0);
  }

  private note(ms: number): void {
    this.outages.push({ at: new Date().toISOString(), ms: Math.round(ms) });
  }
}

/** Returns true when the address answers 200 within a second, over a new connection. */
export function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request(url, { timeout: ANSWER_WITHIN_MS, agent: false }, (response) => {
      response.resume();
      response.on('close', () => resolve(response.statusCode === 200));
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(false));
    asking.on('close', () => resolve(false));
    asking.end();
  });
}
