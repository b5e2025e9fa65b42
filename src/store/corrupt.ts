import { join } from 'node:path';
import { type Corrupt, type RecordResult, readRecord } from '../core/record.js';
import { changeIds, changePath, tryReadChange } from './change-files.js';
import { examineTrial, readLink } from './links.js';
import { directoryNames, isReleaseId, MANIFEST_FILE, tryReadManifest } from './manifest.js';
import { tryReadPolicy } from './policy.js';
import { requestIds, requestPath, tryReadRequest } from './request-files.js';
import type { Root } from './root.js';
import { tryReadTimerState } from './timer-state.js';

export type Damage = Corrupt &
  (
    | {
        kind:
          | 'policy'
          | 'timer-state'
          | 'change'
          | 'request'
          | 'trial'
          | 'link'
          | 'restore'
          | 'restore-result';
      }
    | { kind: 'manifest'; id: string }
  );

/**
 * Finds the corrupt files that can be repaired or that say which state belongs to which release. Leaves out
 * `supervisor.json`, `adopted.json` and `timer.json`, which nothing can replace.
 * @param changes corrupt records of the ledger, for a caller that has just read it
 * @param releases ids of the releases whose manifest must be checked
 */
export function findCorrupt(
  root: Root,
  changes = corruptChanges(root),
  releases = directoryNames(root.releases),
): Damage[] {
  const found: Damage[] = [];
  for (const path of [root.current, root.previous]) {
    const { why } = readLink(path);
    if (why !== undefined) found.push({ kind: 'link', path, why });
  }
  const trial = examineTrial(root)?.why ?? null;
  if (trial !== null) found.push({ kind: 'trial', path: root.trial, why: trial });
  const policy = whyIn(tryReadPolicy(root));
  if (policy !== null) found.push({ kind: 'policy', path: root.policy, why: policy });
  const auto = whyIn(tryReadTimerState(root));
  if (auto !== null) found.push({ kind: 'timer-state', path: root.auto, why: auto });
  for (const path of [root.restore, root.return]) {
    const why = whyIn(readRecord(path, 'restore'));
    if (why !== null) found.push({ kind: 'restore', path, why });
  }
  const last = whyIn(readRecord(root.lastRestore, 'restore-result'));
  if (last !== null) found.push({ kind: 'restore-result', path: root.lastRestore, why: last });
  for (const id of releases.filter(isReleaseId)) {
    const why = whyIn(tryReadManifest(root, id));
    if (why !== null) found.push({ kind: 'manifest', id, path: join(root.releases, id, MANIFEST_FILE), why });
  }
  for (const change of changes) found.push({ kind: 'change', ...change });
  for (const id of requestIds(root)) {
    const why = whyIn(tryReadRequest(root, id));
    if (why !== null) found.push({ kind: 'request', path: requestPath(root, id), why });
  }
  return found;
}

function corruptChanges(root: Root): Corrupt[] {
  return changeIds(root).flatMap((id) => {
    const why = whyIn(tryReadChange(root, id));
    return why === null ? [] : [{ path: changePath(root, id), why }];
  });
}

function whyIn(reading: RecordResult<unknown>): string | null {
  return reading.state === 'corrupt' ? reading.why : null;
}
