import { tmpdir } from 'node:os';
import type { ErrorRecord } from '../core/errors.js';
import { toErrorRecord } from '../core/errors.js';
import { ifPossible } from '../core/if-possible.js';
import { shellWord } from '../core/shell-word.js';
import { freeSpace } from '../host/space.js';
import type { Change } from '../ledger/ledger.js';
import { changeCommand } from '../store/pack-target.js';
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

/** Less is a full disk: OpenClaw copies databases at its start. */
const FULL = { bytes: 32 * 2 ** 20, files: 64 };

export function isFull(directory: string): boolean {
  const { bytes, files } = freeSpace(directory);
  return bytes < FULL.bytes || (files !== null && files < FULL.files);
}

/** Names a full disk as the cause of a failure: no release starts on one, so it says nothing of this release. */
export function blameDisk(
  root: Root,
  { facts, plan }: Change,
  error: ErrorRecord | null,
): ErrorRecord | null {
  if (error === null || !FAULTS_OF_THE_RELEASE.has(error.code)) return error;
  const places = [root.path, facts.place?.directory ?? root.path, tmpdir()];
  const full = places.find((place) => ifPossible(() => isFull(place)));
  if (full === undefined) return error;
  return {
    ...error,
    code: 'insufficient_space',
    message: `${error.message} The disk of ${full} is full.`,
    hint: `df -h ${shellWord(full)}; then ${changeCommand(plan.kind, plan.target)}`,
  };
}

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
