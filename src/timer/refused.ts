import { currentRelease } from '../store/links.js';
import type { Root } from '../store/root.js';
import { type PastDecision, readTimerState, writeAuto } from '../store/timer-state.js';
import type { RuleName } from './rules/decision.js';
import { DAY } from './rules/time.js';

const PATIENCE_MS = 3 * DAY;

/** Rules by which the operator, or the schedule, wants the version not to be taken yet. */
const WANTED: ReadonlySet<string | null> = new Set<RuleName | null>([
  ...(['disabled', 'held', 'pinned', 'skipped', 'manualRollback', 'minimumAge', 'delay'] as const),
]);

/**
 * Keeps since when a newer version is refused. True once for each version, after three days.
 * @param decision of this run
 */
export function refusesTooLong(
  root: Root,
  { verdict, version, rule }: Pick<PastDecision, 'verdict' | 'version' | 'rule'>,
  now = Date.now(),
): boolean {
  const file = readTimerState(root);
  const refuses =
    verdict !== 'update' && version !== null && version !== currentRelease(root) && !WANTED.has(rule);
  const before = file.refused?.version === version ? file.refused : null;
  if (!refuses) {
    if (file.refused) writeAuto(root, { ...file, refused: null });
    return false;
  }
  const since = before?.since ?? new Date(now).toISOString();
  const due = now - Date.parse(since) >= PATIENCE_MS && !before?.told;
  if (before === null || due) writeAuto(root, { ...file, refused: { version, since, told: due } });
  return due;
}
