import { existsSync } from 'node:fs';

/** Of Debian's package `libfaketime`: what a program asks the kernel for the time is answered by it. */
const LIBRARY = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
].find((path) => existsSync(path));

/**
 * Whether programs can be given another time here. Where they cannot, the lane says so, and fails where it must not be
 * missing.
 * @throws Error when CI is set and they cannot
 */
export function canFakeTime(): boolean {
  if (LIBRARY !== undefined) return true;
  const message = 'tests at another time need libfaketime (Debian: apt-get install faketime)';
  if (process.env.CI) throw new Error(message);
  console.warn(`NOT RUN: ${message}.`);
  return false;
}

/** Settings that no program of ours knows. Spans stay real, and so do the times of files. */
function settings(): Record<string, string> {
  return { LD_PRELOAD: LIBRARY ?? '', FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' };
}

/** An environment in which a program begins at this moment, in milliseconds, and time goes on from there. */
export function atMoment(ms: number): Record<string, string> {
  return {
    ...settings(),
    TZ: 'UTC',
    FAKETIME: `@${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}`,
  };
}

/** One in which all programs are as far ahead of the real time as this file says, whenever they look: `+36h`. */
export function aheadBy(file: string): Record<string, string> {
  return { ...settings(), FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' };
}
