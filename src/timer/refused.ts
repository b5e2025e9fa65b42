import { compareVersions } from '../core/version.js';
import { currentRelease } from '../store/links.js';
import type { Root } from '../store/root.js';
import { type PastDecision, readTimerState, writeAuto } from '../store/timer-state.js';
import { isVersion } from './rules/candidate.js';
import type { RuleName } from './rules/decision.js';
import { DAY } from './rules/time.js';

const PATIENCE_MS = 3 * DAY;

/** Rules by which the operator, or the schedule, wants the version not to be taken yet. */
const WANTED: ReadonlySet<string | null> = new Set<RuleName>([
  ...(['disabled', 'held', 'pinned', 'skipped', 'manualRollback'] as const),
]);

/** Likewise where they wait; a refusal, as without a time of publication, has no end. */
const SCHEDULED: ReadonlySet<string | null> = new Set<RuleName>([
  ...(['minimumAge', 'delay', 'minimumInterval', 'soak', 'window'] as const),
]);

/**
 * Keeps since when a newer version is refused. True from three days on, until `refusalTold`.
 * @param decision of this run
 */
export function refusesTooLong(
  root: Root,
  { verdict, version, rule }: Pick<PastDecision, 'verdict' | 'version' | 'rule'>,
  now = Date.now(),
): boolean {
  // A run that could not ask says nothing of the version.
  if (version === null) return false;
  const file = readTimerState(root);
  const isWanted = WANTED.has(rule) || (verdict === 'wait' && SCHEDULED.has(rule));
  if (verdict === 'update' || isWanted || !isNewer(version, currentRelease(root))) {
    if (file.refused) writeAuto(root, { ...file, refused: null });
    return false;
  }
  const before = file.refused?.version === version ? file.refused : null;
  const refused = before ?? { version, since: new Date(now).toISOString(), told: false };
  if (before === null) writeAuto(root, { ...file, refused });
  return now - Date.parse(refused.since) >= PATIENCE_MS && !refused.told;
}

/** Records that the notification has arrived, so that the version is told of once. */
export function refusalTold(root: Root): void {
  const file = readTimerState(root);
  if (file.refused) writeAuto(root, { ...file, refused: { ...file.refused, told: true } });
}

function isNewer(version: string, current: string | null): boolean {
  if (current === null || !isVersion(current) || !isVersion(version)) return version !== current;
  return compareVersions(version, current) > 0;
}
