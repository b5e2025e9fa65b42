import { planFullCollection } from '../change/prune-plan.js';
import { ReleasesError, toErrorRecord } from '../core/errors.js';
import { type PastLine, tryReadHistory } from '../ledger/history.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import { findManifest } from '../store/manifest.js';
import { type Hold, holdOf, type Quarantine, readPolicy } from '../store/policy.js';
import { quarantineOf } from '../store/quarantine.js';
import type { Root } from '../store/root.js';
import { type PastDecision, readTimerState } from '../store/timer-state.js';
import { tryReadYanked, whyYanked } from '../store/yanked.js';
import { type ChangeDocument, changeDocument } from './change.js';

/** Facts that the records have of one release, here or not. */
export interface Why {
  release: string;
  staged: boolean;
  /** Reason why `prune` keeps it, in its words; null where it would remove it, where it is not here, or is not known. */
  kept: string | null;
  /** Reason why no prune can be planned, so that `kept` is not known; null otherwise. */
  notPlanned: string | null;
  /** Cause and end of its quarantine, because of which updates that name no version avoid it. */
  quarantine: Quarantine | null;
  skipped: boolean;
  /** Reason of the list of yanked releases; null where it does not name the release. */
  yanked: string | null;
  hold: Hold | null;
  /** Decisions of the timer about it, oldest first. */
  decisions: PastDecision[];
  /** Changes to or from it, oldest first. */
  changes: ChangeDocument[];
  /** Lines of changes whose records are not kept. */
  older: PastLine[];
}

/** @throws ReleasesError `release_not_found` where no record names it */
export function whyRelease(root: Root, release: string): Why {
  const policy = readPolicy(root);
  const staged = findManifest(root, release) !== null;
  const past = tryReadHistory(root);
  const list = tryReadYanked(root);
  const isAbout = ({ from, to }: Pick<PastLine, 'from' | 'to'>) => from === release || to === release;
  const why: Why = {
    release,
    staged,
    ...(staged ? prospectOf(root, release) : { kept: null, notPlanned: null }),
    quarantine: quarantineOf(policy, release),
    skipped: policy.schedule?.skip?.includes(release) ?? false,
    yanked: list.state === 'ok' ? whyYanked(list.value, { version: release, integrity: '' }) : null,
    hold: holdOf(policy),
    decisions: readTimerState(root).decisions.filter(({ version }) => version === release),
    changes: listChanges(root)
      .filter(({ facts, plan: { target } }: Change) => isAbout(facts) || target === release)
      .map((change) => changeDocument(root, change)),
    older: past.state === 'ok' ? past.value.changes.filter(isAbout) : [],
  };
  const isKnown = staged || why.quarantine || why.skipped || why.yanked !== null;
  if (isKnown || why.decisions.length + why.changes.length + why.older.length > 0) return why;
  throw new ReleasesError('release_not_found', `No record here names a release ${JSON.stringify(release)}.`, {
    hint: 'openclaw-releases list',
  });
}

/** `prune` refuses while records are corrupt. */
function prospectOf(root: Root, release: string): Pick<Why, 'kept' | 'notPlanned'> {
  try {
    const { keep } = planFullCollection(root);
    return { kept: keep.find(({ id }) => id === release)?.reason ?? null, notPlanned: null };
  } catch (error) {
    return { kept: null, notPlanned: toErrorRecord(error).message };
  }
}
