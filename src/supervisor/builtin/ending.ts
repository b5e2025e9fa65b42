import { constants } from 'node:os';

/** End of a gateway process; no code and no signal when it could not start. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  killed: boolean;
}

export const NOT_STARTED: Ending = { code: null, signal: null, killed: false };

/** OpenClaw's configuration error, and the launcher's "no release can be used". */
const FINAL_CODES: readonly (number | null)[] = [78, 69];

export function isFinal({ code }: Ending): boolean {
  return FINAL_CODES.includes(code);
}

export function describeEnding({ code, signal }: Ending): string {
  if (signal) return `was ended by ${signal}`;
  return code === null ? 'could not be started' : `ended with exit code ${code}`;
}

/** Exit code as a shell reports it: 128 plus the signal's number after a signal. */
export function exitCodeOf({ code, signal }: Ending): number {
  if (signal) return 128 + constants.signals[signal];
  return code ?? 0;
}
