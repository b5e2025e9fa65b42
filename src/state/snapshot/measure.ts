import { ReleasesError } from '../../core/errors.js';
import { size } from '../../core/size.js';
import { freeSpace } from '../../host/space.js';
import type { RootPlace, StatePlace } from '../place.js';
import type { SnapshotScope } from '../snapshots.js';
import { type Survey, surveyState } from './scan.js';

export interface Measure {
  /** Includes databases and links, not history. */
  files: number;
  /** Includes history. */
  bytes: number;
  /** Bytes that a restore copies. */
  copied: number;
  historyFiles: number;
  refused: string[];
  warnings: string[];
}

/** Factor for free space: the gateway continues to write. */
const MARGIN = 1.1;

/** Measures a snapshot and collects the reasons against it. Writes nothing. Excludes a root inside the state. */
export function measureState(place: StatePlace, root?: RootPlace, scope: SnapshotScope = 'all'): Measure {
  const survey = surveyState(place, root, scope);
  const { files, databases, links, history, historyBytes, copied, refused, warnings } = survey;
  const counted = files.length + databases.length + links.length;
  const bytes = survey.bytes + historyBytes;
  return { files: counted, bytes, copied, historyFiles: history.length, refused, warnings };
}

/** @throws ReleasesError `snapshot_refused` for the first entry that a copy would lose */
export function requireKeepable({ refused }: Pick<Survey, 'refused'>): void {
  const [first, ...more] = refused;
  if (first === undefined) return;
  const others = more.length > 0 ? ` (and ${more.length} more like it)` : '';
  throw new ReleasesError('snapshot_refused', `The state cannot be kept${others}: ${first}`, {
    hint: 'Put that right, then give the same command again.',
  });
}

/**
 * @param copied bytes besides the copy
 * @throws ReleasesError `insufficient_space`
 */
export function requireRoom(root: RootPlace, survey: Survey, copied = 0): void {
  const free = freeSpace(root.staging);
  const bytes = Math.ceil((survey.bytes + copied + survey.historyBytes) * MARGIN);
  const names = [survey.files, survey.databases, survey.directories, survey.links, survey.history];
  const files = names.reduce((sum, { length }) => sum + length, 0);
  if (free.bytes >= bytes && (free.files === null || free.files >= files)) return;
  const inFiles = free.files === null ? '' : ` in ${free.files} files`;
  throw new ReleasesError(
    'insufficient_space',
    `A copy of the state needs ${size(bytes, Math.ceil)} in ${files} files, and there is room for ${size(free.bytes, Math.floor)}${inFiles}.`,
    { hint: 'openclaw-releases prune --dry-run' },
  );
}
