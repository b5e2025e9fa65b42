/** Signals that a terminal sends to all processes of its foreground. */
const OF_A_TERMINAL: ReadonlySet<unknown> = new Set(['SIGINT', 'SIGHUP']);

const TRIES = 3;

/**
 * Runs a child that leads a session of its own (`detached`), which keys on the terminal do not reach. They do reach it
 * between fork and `setsid`: then it has done nothing, and is run again.
 */
export async function inOwnSession<T extends { signal?: unknown }>(run: () => Promise<T>): Promise<T> {
  let ended = await run();
  for (let tries = 1; tries < TRIES && OF_A_TERMINAL.has(ended.signal); tries++) ended = await run();
  return ended;
}
