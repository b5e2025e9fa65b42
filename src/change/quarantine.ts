import type { ErrorRecord } from '../core/errors.js';
import { toErrorRecord } from '../core/errors.js';
import type { Change } from '../ledger/ledger.js';
import { quarantine } from '../store/policy.js';
import type { Root } from '../store/root.js';

/** Failures that speak against the release rather than against the host, the network or the person. */
const FAULTS_OF_THE_RELEASE: ReadonlySet<string> = new Set([
  'lifecycle_failed',
  'probe_failed',
  'gateway_crashed',
  'gateway_not_ready',
  'gateway_worse',
  'wrong_version',
] satisfies ErrorRecord['code'][]);

/**
 * Puts the release that failed into quarantine, and the one that was to be returned to as well when that failed too:
 * the next automatic choice is neither of them. Done before the verdict is written, so that a change with a verdict
 * has had its consequences. Never throws: a disk that is full must not keep a change from its end.
 */
export function blame(root: Root, change: Change): void {
  const { error, undoError, facts } = change;
  const faults: [string | null, ErrorRecord | null][] = [
    [facts.to, error],
    [facts.from, undoError],
  ];
  for (const [release, cause] of faults) {
    if (release === null || cause === null || !FAULTS_OF_THE_RELEASE.has(cause.code)) continue;
    try {
      quarantine(root, release, { cause, change: change.id, at: new Date().toISOString() });
    } catch (failure) {
      change.warnings.push(`${release} could not be put into quarantine: ${toErrorRecord(failure).message}`);
    }
  }
}
