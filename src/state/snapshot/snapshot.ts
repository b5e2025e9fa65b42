import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../core/if-possible.js';
import { throwIfInterrupted } from '../../core/interrupted.js';
import { recordText } from '../../core/record.js';
import { fsyncDirectory, renameDurably, writeFileDurably } from '../../host/durable.js';
import { syncFilesystem } from '../../host/sync.js';
import { readConfiguration } from '../configuration.js';
import { readDatabaseHeader } from '../databases.js';
import { configPath, type RootPlace, type StatePlace } from '../place.js';
import { KEPT, writeFileList } from '../snapshot-layout.js';
import { keptDirectory, keptName, type Snapshot, type SnapshotScope } from '../snapshots.js';
import type { StateVersions } from '../versions.js';
import { findDatabases } from '../walk.js';
import { copyState, type StateCopy } from './copy.js';
import { copyHistory } from './history.js';
import { requireKeepable, requireRoom } from './measure.js';
import { type Survey, surveyState } from './scan.js';

export interface SnapshotRequest {
  root: RootPlace;
  release: string;
  change: string;
  place: StatePlace;
  scope?: SnapshotScope;
  /** Node with SQLite; see `findSqliteNode`. */
  node: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/**
 * Takes a snapshot while the gateway runs: copies to `staging/<change>/`, makes it durable, renames it into `states/`.
 * Leaves a whole snapshot or nothing.
 * @throws ReleasesError `snapshot_refused`, `snapshot_failed`, `insufficient_space`, `interrupted`; system errors such
 *   as ENOSPC pass through
 */
export async function takeSnapshot(
  request: SnapshotRequest,
): Promise<{ kept: Snapshot; warnings: string[] }> {
  const { root, change, place, scope = 'all', signal } = request;
  const [began, begun] = [new Date(), performance.now()];
  const survey = surveyState(place, root, scope);
  requireKeepable(survey);
  requireRoom(root, survey, survey.copied);
  const work = join(root.staging, change);
  const staged = join(work, 'state');
  rmSync(staged, { recursive: true, force: true });
  for (const path of [staged, root.states]) mkdirSync(path, { recursive: true, mode: 0o700 });
  try {
    const copied = await copyInto(staged, request, survey);
    const history = await copyHistory(place.directory, survey.history, join(staged, KEPT.history));
    const total = survey.bytes + survey.historyBytes;
    request.onProgress?.(total, total);
    const { entries, config } = copied;
    writeFileList(staged, { schema: 1, entries, config, history: history.files });
    throwIfInterrupted(signal);
    // Without this, a durable name could point to data that is still in memory.
    await syncFilesystem(staged);
    const ms = Math.round(performance.now() - begun);
    const kept = describe(staged, request, survey, copied, { began, ms });
    writeFileDurably(join(staged, KEPT.record), recordText(kept), 0o600);
    renameDurably(staged, keptDirectory(root, kept.name), 'snapshot');
    fsyncDirectory(root.path);
    return { kept, warnings: [...survey.warnings, ...copied.warnings, ...history.warnings] };
  } finally {
    rmSync(staged, { recursive: true, force: true });
    // Unless other files of this change are in it.
    ifPossible(() => rmdirSync(work));
  }
}

function copyInto(staged: string, request: SnapshotRequest, survey: Survey): Promise<StateCopy> {
  const { place, node, signal } = request;
  const onProgress = (done: number) => request.onProgress?.(done, survey.bytes + survey.historyBytes);
  const into = join(staged, KEPT.files);
  mkdirSync(into, { mode: 0o700 });
  return copyState({ place, survey, into, configInto: join(staged, KEPT.config), node, signal, onProgress });
}

/** Describes the copy by reading the copy: the live state may have changed. */
function describe(
  staged: string,
  { release, change, place, scope = 'all' }: SnapshotRequest,
  { left }: Survey,
  { entries, config }: StateCopy,
  { began, ms }: { began: Date; ms: number },
): Snapshot {
  const files = entries.filter(({ kind }) => kind !== 'directory');
  const bytes = entries.reduce(
    (sum, entry) => sum + (entry.kind === 'file' ? entry.size : 0),
    config?.size ?? 0,
  );
  return {
    schema: 1,
    ...{ name: keptName(release, 'snapshot', began), kind: 'snapshot', release, change },
    ...{ at: began.toISOString(), place, scope, versions: versionsOf(staged, place, left), left },
    ...{ files: files.length + (config ? 1 : 0), bytes, ms },
  };
}

function versionsOf(staged: string, place: StatePlace, left: string[]): StateVersions {
  const files = join(staged, KEPT.files);
  const databases = findDatabases(files, left).flatMap((path): [string, number][] => {
    const header = readDatabaseHeader(join(files, path));
    return header ? [[path, header.userVersion]] : [];
  });
  const config =
    place.config === null ? configPath({ ...place, directory: files }) : join(staged, KEPT.config);
  return { databases: Object.fromEntries(databases), config: readConfiguration(place, config).lastTouched };
}
