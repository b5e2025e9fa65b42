import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { systemCode } from '../core/errors.js';
import { sessionOf } from './process.js';

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
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      return writeFileSync(AUTOGROUP, String(nice));
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') return;
      await setTimeout(AGAIN_MS);
    }
  }
}

/** Sets it only when this process leads its session: a person's shell must not become slow. */
export async function setOwnSessionPriority(nice: number): Promise<void> {
  if (sessionOf(process.pid) === process.pid) await setSessionPriority(nice);
}
