import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fsyncDirectory, renameDurably, writeFileDurably } from '../../host/durable.js';
import { syncFilesystem } from '../../host/sync.js';
import { readConfiguration } from '../configuration.js';
import { findDatabases, readDatabaseHeader } from '../databases.js';
import { configPath, type RootPlace, type StatePlace } from '../place.js';
import { proveExchangeable } from '../same-filesystem.js';
import { KEPT, writeFileList } from '../snapshot-layout.js';
import { type KeptState, keptDirectory, keptName, type SnapshotScope } from '../snapshots.js';
import type { StateVersions } from '../versions.js';
import { copyState, type StateCopy } from './copy.js';
import { copyHistory } from './history.js';
import { throwIfInterrupted } from './interrupted.js';
import { requireKeepable, requireRoom } from './measure.js';
import { type Survey, surveyState } from './scan.js';

export interface SnapshotRequest {
  root: RootPlace;
  /** The release whose state it is. */
  release: string;
  change: string;
  place: StatePlace;
  /** Default: everything. */
  scope?: SnapshotScope;
  /** A program that `findSqliteNode` has found. */
  node: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/**
 * Copies a state while its gateway runs, so that it can be put back: staged in `staging/<change>/`, made durable, then
 * named in `states/`. Either all of it is there afterwards or nothing.
 * @throws ReleasesError `snapshot_refused`, `snapshot_failed`, `insufficient_space`, `interrupted`; system errors such
 *   as ENOSPC pass through
 */
export async function takeSnapshot(
  request: SnapshotRequest,
): Promise<{ kept: KeptState; warnings: string[] }> {
  const { root, change, place, scope = 'all', signal } = request;
  const began = new Date();
  const survey = surveyState(place, root, scope);
  requireKeepable(survey);
  proveExchangeable(root, place);
  requireRoom(root, survey);
  const work = join(root.staging, change);
  const staged = join(work, 'state');
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged, { recursive: true, mode: 0o700 });
  try {
    const copied = await copyInto(staged, request, survey);
    const history = copyHistory(place.directory, survey.history, join(staged, KEPT.history));
    const total = survey.bytes + survey.historyBytes;
    request.onProgress?.(total, total);
    writeFileList(staged, { schema: 1, entries: copied.entries, config: copied.config });
    throwIfInterrupted(signal);
    // Else a durable name could stand over data that was still in memory.
    await syncFilesystem(staged);
    const kept = describe(staged, request, survey, copied, began);
    writeFileDurably(join(staged, KEPT.record), `${JSON.stringify(kept, null, 2)}\n`, 0o600);
    renameDurably(staged, keptDirectory(root, kept.name), 'kept state');
    fsyncDirectory(root.path);
    return { kept, warnings: [...survey.warnings, ...copied.warnings, ...history] };
  } finally {
    rmSync(staged, { recursive: true, force: true });
    removeWhenEmpty(work);
  }
}

function copyInto(staged: string, request: SnapshotRequest, survey: Survey): Promise<StateCopy> {
  const { place, node, signal } = request;
  const onProgress = (done: number) => request.onProgress?.(done, survey.bytes + survey.historyBytes);
  const into = join(staged, KEPT.files);
  mkdirSync(into, { mode: 0o700 });
  return copyState({ place, survey, into, configInto: join(staged, KEPT.config), node, signal, onProgress });
}

/** What is said about the copy is read from the copy: the state may be another by now. */
function describe(
  staged: string,
  { release, change, place, scope = 'all' }: SnapshotRequest,
  { left }: Survey,
  { entries, config }: StateCopy,
  began: Date,
): KeptState {
  const files = entries.filter(({ kind }) => kind !== 'directory');
  const bytes = entries.reduce(
    (sum, entry) => sum + (entry.kind === 'file' ? entry.size : 0),
    config?.size ?? 0,
  );
  return {
    schema: 1,
    ...{ name: keptName(release, 'snapshot', began), kind: 'snapshot', release, change },
    ...{ at: began.toISOString(), place, scope, versions: versionsOf(staged, place, left), left },
    ...{ files: files.length + (config ? 1 : 0), bytes, ms: Date.now() - began.getTime() },
  };
}

function versionsOf(staged: string, place: StatePlace, left: string[]): StateVersions {
  const files = join(staged, KEPT.files);
  const databases = findDatabases(files, left).flatMap((path): [string, number][] => {
    const header = readDatabaseHeader(join(files, path));
    return header ? [[path, header.userVersion]] : [];
  });
  const config =
    place.config === null ? configPath({ directory: files, config: null }) : join(staged, KEPT.config);
  return { databases: Object.fromEntries(databases), config: readConfiguration(place, config).lastTouched };
}

function removeWhenEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Something else of this change is in it.
  }
}
