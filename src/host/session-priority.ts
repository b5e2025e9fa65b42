import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { systemCode } from '../core/errors.js';
import { sessionOf } from './process.js';

/** Of what is done beside a gateway that serves people, as a process and as a session. */
export const BACKGROUND_NICE = 10;

const AUTOGROUP = '/proc/self/autogroup';
/** The kernel lets users change one every tenth of a second, whosever it is. */
const AGAIN_MS = 110;
const TRIES = 20;

/**
 * What all of this process's session gets of the processor beside other sessions. A kernel that shares it out by session (sched(7),
 * "The autogroup feature") goes by the nice value of a process only within its own, and a gateway has one to itself: it
 * would wait for what is merely nice. Without effect where the kernel does not do so, or control groups have weights.
 * @param nice 0, as it is without, to 19, the least
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

/** The same for a process that may not have its session to itself: a person's shell must not become slow with it. */
export async function setOwnSessionPriority(nice: number): Promise<void> {
  if (sessionOf(process.pid) === process.pid) await setSessionPriority(nice);
}
