import type { StatePlace } from '../place.js';
import type { CopiedFile, Entry } from '../snapshot-layout.js';
import { Copier } from './copy-tree.js';
import type { Survey } from './scan.js';

export interface CopyRequest {
  place: StatePlace;
  /** Of that place, made just before. */
  survey: Survey;
  /** An empty directory; the copy has the same paths in it. */
  into: string;
  /** Where a configuration file that lies outside of the state directory is copied to. */
  configInto: string;
  /** A program that `findSqliteNode` has found. */
  node: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

export interface StateCopy {
  /** A directory before what is in it. */
  entries: Entry[];
  config: CopiedFile | null;
  /** Sentences: what is not as it should be in the copy. */
  warnings: string[];
}

/**
 * Copies what is `state`, while a gateway may be writing it: each database as it was at one moment, each file as it
 * was at one moment. Directories are 0700 and files 0600 in the copy, with what their owner may run. The state itself
 * is only read, but for what SQLite does on opening a database that a killed process left: it undoes what was not
 * committed, as the next start of the gateway would. History is not copied; see `copyHistory`.
 * @throws ReleasesError `snapshot_failed`, `interrupted`; system errors such as ENOSPC pass through
 */
export async function copyState(request: CopyRequest): Promise<StateCopy> {
  const failed = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, failed.signal]) : failed.signal;
  const copier = new Copier({ ...request, signal });
  copier.directories();
  let first: unknown;
  const orStop = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      first ??= error;
      failed.abort(error);
      return undefined;
    }
  };
  // Two processors, two processes: databases are copied by the one that has SQLite. Neither is left behind at work.
  const [databases = []] = await Promise.all([orStop(copier.databases()), orStop(copier.files())]);
  if (first !== undefined) throw first;
  copier.links();
  const { place, configInto } = request;
  const config = place.config === null ? null : await copier.file(place.config, configInto, place.config);
  return { entries: [...copier.entries, ...databases], config, warnings: copier.warnings };
}
