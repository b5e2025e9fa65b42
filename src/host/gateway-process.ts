import { environmentOf, parentOf } from './process.js';

/** Directory of its release, which the launcher sets in the environment of the gateway. */
export const RELEASE_VARIABLE = 'OPENCLAW_RELEASES_RELEASE';

/** Unlike for each start of a gateway by `run`; its children have it too. */
export const START_VARIABLE = 'OPENCLAW_RELEASES_START';

/**
 * Finds the gateway below a wrapper that stays, such as `doppler run`: the first process that has the launcher's
 * variable, as its children have it too. The main process itself when none has it.
 * @param below processes that may have descended from the main one
 */
export function gatewayAmong(main: number, below: () => number[]): number {
  const isOfRelease = (pid: number) => environmentOf(pid)[RELEASE_VARIABLE] !== undefined;
  if (isOfRelease(main)) return main;
  const found = below().filter(isOfRelease);
  return found.find((pid) => !found.includes(parentOf(pid) ?? 0)) ?? main;
}
