import { ifPossible } from '../core/if-possible.js';
import { wholeLaunch } from '../ledger/running-release.js';
import { findStatePlace } from '../state/place.js';
import { type Redact, redactorFor } from '../state/secrets.js';
import type { Inspection } from '../supervisor/supervisor.js';

/**
 * Takes the gateway's secrets out of what it says, before a record or a message has it. Reads them when first called;
 * shows nothing where they cannot be known. Never throws.
 */
export function redactorOf(inspection: Inspection): Redact {
  let redact: Redact | undefined;
  return (text) => {
    redact ??= ifPossible(() => {
      const launch = wholeLaunch(inspection);
      return redactorFor(findStatePlace(launch), launch.env);
    });
    return redact?.(text) ?? '…';
  };
}
