import { writeFileSync } from 'node:fs';
import { systemCode } from '../core/errors.js';
import { sessionOf } from './process.js';
import { waitUntil } from './wait.js';

/** Nice value of work beside a serving gateway, for the process and for its session. */
export const BACKGROUND_NICE = 10;

const AUTOGROUP = '/proc/self/autogroup';
/** Retry interval in ms; the kernel accepts one such change by users in 100 ms, for all sessions together. */
const AGAIN_MS = 110;
const TRIES = 20;

/**
 * Sets the processor share of this process's whole session. A kernel with autogroups (sched(7), "The autogroup
 * feature") compares nice values only within a session, so a nice process would still slow a gateway in another one.
 * Has no effect without autogroups, or where control groups have weights.
 * @param nice 0 (default) to 19 (least)
 */
export async function setSessionPriority(nice: number): Promise<void> {
  await waitUntil({ tries: TRIES, everyMs: AGAIN_MS }, () => {
    try {
      writeFileSync(AUTOGROUP, String(nice));
      return true;
    } catch (error) {
      return systemCode(error) !== 'EAGAIN';
    }
  });
}

/** Sets it only when this process leads its session: a person's shell must not become slow. */
export async function setOwnSessionPriority(nice: number): Promise<void> {
  if (sessionOf(process.pid) === process.pid) await setSessionPriority(nice);
}
