import type { AtEnd } from '../support/place.js';
import type { BareWorld } from '../support/world.js';
import { openclawWorld, TOKEN } from './openclaw-world.js';

export { TOKEN };

/** Real OpenClaw that `openclaw-releases run` supervises on this machine. */
export interface OpenClawUnderRun extends BareWorld {
  place: string;
  /** Everything that supervisor and gateway have printed. */
  log(): string;
}

/**
 * @param settings of OpenClaw, by their path, besides those that it needs; they may name a place
 * @param env more variables of its supervisor
 */
export async function openclawUnderRun(
  atEnd: AtEnd,
  version: string,
  settings: (place: string) => Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<OpenClawUnderRun> {
  const world = await openclawWorld(atEnd, { settings, env });
  const { log } = await world.start(version);
  return { ...world, place: world.path, log };
}
