import { faketimePath } from '../lanes/lanes.js';

/** Settings that none of our programs knows. Spans stay real, and so do the times of files. */
function settings(): Record<string, string> {
  return { LD_PRELOAD: faketimePath() ?? '', FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' };
}

/** An environment in which a program begins at this moment, in milliseconds, and time continues from there. */
export function atMoment(ms: number): Record<string, string> {
  return {
    ...settings(),
    TZ: 'UTC',
    FAKETIME: `@${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}`,
  };
}

/** An environment in which all programs are as far ahead of the real time as this file says, whenever they look: `+36h`. */
export function aheadBy(file: string): Record<string, string> {
  return { ...settings(), FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' };
}
