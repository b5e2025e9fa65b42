import { BACKGROUND_NICE, setOwnSessionPriority } from '../host/session-priority.js';
import type { Observer } from '../ledger/context.js';

/** Steps that run beside a serving gateway, and that nobody waits for as for a restart. */
const MAKE_READY = new Set(['stage', 'probe', 'seal', 'drill']);

/** Returns an observer that lowers our priority during these steps, and resets it for all others. */
export function yielding(observer: Observer): Observer {
  let nice = 0;
  let done = Promise.resolve();
  const become = (wanted: number) => {
    if (wanted === nice) return;
    nice = wanted;
    done = done.then(() => setOwnSessionPriority(wanted));
  };
  return {
    ...observer,
    step(record, change) {
      if (record.state === 'doing') become(MAKE_READY.has(record.name) ? BACKGROUND_NICE : 0);
      if (record.state === 'undoing') become(0);
      observer.step?.(record, change);
    },
  };
}
