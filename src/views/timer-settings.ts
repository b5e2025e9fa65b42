import { readTimer } from '../adopt/timer-unit-record.js';
import { ifPossible } from '../core/if-possible.js';
import { compareVersions } from '../core/version.js';
import { currentRelease } from '../store/links.js';
import { type Hold, holdOf, readPolicy } from '../store/policy.js';
import type { Root } from '../store/root.js';
import {
  type NewestRelease,
  type PastDecision,
  type TimerStateFile,
  tryReadTimerState,
} from '../store/timer-state.js';

export interface AutoOverview {
  enabled: boolean;
  hold: Hold | null;
  last: PastDecision | null;
  announced: TimerStateFile['announced'];
  stopped: TimerStateFile['stopped'];
  trouble: TimerStateFile['trouble'];
  /** Newest release of the channel, where it is newer than `current`; what the registry last said. */
  available: NewestRelease | null;
}

const NOTHING = { decisions: [], announced: null, stopped: null, trouble: null, newest: null };

/** Never throws: `corruptFiles` reports a corrupt file. */
export function autoOverview(root: Root, current = currentRelease(root)): AutoOverview {
  const found = tryReadTimerState(root);
  const {
    decisions,
    announced,
    stopped,
    trouble,
    newest = null,
  } = found.state === 'ok' ? found.value : NOTHING;
  return {
    enabled: isEnabled(root),
    hold: holdOf(readPolicy(root)),
    last: decisions.at(-1) ?? null,
    ...{ announced, stopped, trouble },
    available: newest && current !== null && isNewer(newest.version, current) ? newest : null,
  };
}

function isNewer(version: string, current: string): boolean {
  return version !== current && (ifPossible(() => compareVersions(version, current) > 0) ?? false);
}

function isEnabled(root: Root): boolean {
  try {
    return readTimer(root.path) !== null;
  } catch {
    return false;
  }
}
