import { readTimer } from '../adopt/timer-unit-record.js';
import { type Hold, holdOf, readPolicy } from '../store/policy.js';
import type { Root } from '../store/root.js';
import { type PastDecision, type TimerStateFile, tryReadTimerState } from '../store/timer-state.js';

export interface AutoOverview {
  enabled: boolean;
  hold: Hold | null;
  last: PastDecision | null;
  announced: TimerStateFile['announced'];
  stopped: TimerStateFile['stopped'];
  trouble: TimerStateFile['trouble'];
}

const NOTHING = { decisions: [], announced: null, stopped: null, trouble: null };

/** Never throws: `corruptFiles` reports a corrupt file. */
export function autoOverview(root: Root): AutoOverview {
  const found = tryReadTimerState(root);
  const { decisions, announced, stopped, trouble } = found.state === 'ok' ? found.value : NOTHING;
  return {
    enabled: isEnabled(root),
    hold: holdOf(readPolicy(root)),
    last: decisions.at(-1) ?? null,
    ...{ announced, stopped, trouble },
  };
}

function isEnabled(root: Root): boolean {
  try {
    return readTimer(root.path) !== null;
  } catch {
    return false;
  }
}
