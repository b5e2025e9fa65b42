import { constants } from 'node:os';

/** How a gateway process ended; no code and no signal when it could not even be made. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It did not end within the stop limit. */
  killed: boolean;
}

export const NOT_STARTED: Ending = { code: null, signal: null, killed: false };

/** OpenClaw's configuration error, and the launcher's "no release can be used". */
const FINAL_CODES: readonly (number | null)[] = [78, 69];

/** Whether starting again would only end the same way. */
export function isFinal({ code }: Ending): boolean {
  return FINAL_CODES.includes(code);
}

/** The rest of a sentence that begins with "The gateway". */
export function describeEnding({ code, signal }: Ending): string {
  if (signal) return `was ended by ${signal}`;
  return code === null ? 'could not be started' : `ended with exit code ${code}`;
}

/** As a shell reports it: 128 and the signal's number when a signal ended the process. */
export function exitCodeOf({ code, signal }: Ending): number {
  if (signal) return 128 + constants.signals[signal];
  return code ?? 0;
}
