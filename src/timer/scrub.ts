import { recover } from '../change/run.js';
import { tell } from '../change/tell.js';
import { yieldToAll } from '../host/yield.js';
import type { Environment } from '../ledger/environment.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import { damageTold, type ScrubOptions, type ScrubRun, scrub } from '../rollback/scrub.js';
import { previousRelease } from '../store/links.js';

const DAY_MS = 24 * 60 * 60_000;

/** A run of the timer comes each hour, and another program may want the disk. */
const PIECE_MS = 5 * 60_000;

/** Scrubs at the least priority, and tells of damage that nobody was told of. Null beside another scrub. */
export async function scrubAndTell({ root }: Environment, options: ScrubOptions): Promise<ScrubRun | null> {
  await yieldToAll();
  const run = await scrub(root, options);
  const isNews = Object.values(run?.damaged ?? {}).some(({ notifiedAt }) => notifiedAt === undefined);
  if (isNews && (await tell(root, ['--damaged']))) damageTold(root);
  return run;
}

/**
 * Compares a piece of what was not compared for half the days, so that all of it is compared within them. Repairs a
 * damaged Node, and the release to return to.
 * @param stage stages a release again
 */
export async function scrubIfDue(
  environment: Environment,
  days: number,
  stage: (release: string) => Promise<Change>,
  now = Date.now(),
): Promise<Change[]> {
  const { root, signal } = environment;
  if (days <= 0) return [];
  const options = { forMs: PIECE_MS, olderThan: now - (days * DAY_MS) / 2, signal };
  const run = await scrubAndTell(environment, options);
  if (run === null || signal?.aborted) return [];
  const isFound = (name: string) => name in run.damaged && run.compared.includes(name);
  if (Object.keys(run.damaged).some((name) => name.startsWith('runtimes/') && isFound(name)))
    await recover(environment);
  const previous = previousRelease(root);
  if (previous === null || !(`releases/${previous}` in run.damaged)) return [];
  const tried = listChanges(root).findLast(({ plan }) => plan.kind === 'stage' && plan.target === previous);
  const isRecent = tried !== undefined && Date.parse(tried.startedAt) > now - DAY_MS;
  return isRecent && !isFound(`releases/${previous}`) ? [] : [await stage(previous)];
}
