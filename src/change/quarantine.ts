import type { ErrorRecord } from '../core/errors.js';
import { toErrorRecord } from '../core/errors.js';
import type { Change } from '../ledger/ledger.js';
import { quarantine } from '../store/quarantine.js';
import type { Root } from '../store/root.js';

/** Failures that the release causes, not the host, the network or the operator. */
const FAULTS_OF_THE_RELEASE: ReadonlySet<string> = new Set([
  'lifecycle_failed',
  'probe_failed',
  'gateway_crashed',
  'gateway_not_ready',
  'gateway_worse',
  'wrong_version',
] satisfies ErrorRecord['code'][]);

/**
 * Quarantines the failed release, and the old one if the rollback to it failed. Runs before the verdict is written, so
 * a verdict implies it. Never throws: a full disk must not keep a change from ending.
 */
export function quarantineAfter(root: Root, change: Change): void {
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
