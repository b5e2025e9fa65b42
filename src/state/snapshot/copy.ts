import type { StatePlace } from '../place.js';
import type { CopiedFile, Entry } from '../snapshot-layout.js';
import { Copier } from './copy-tree.js';
import type { Survey } from './scan.js';

export interface CopyRequest {
  place: StatePlace;
  survey: Survey;
  /** Empty directory; the copy keeps the relative paths. */
  into: string;
  /** Target for a configuration file from outside of the state directory. */
  configInto: string;
  node: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

export interface StateCopy {
  entries: Entry[];
  config: CopiedFile | null;
  warnings: string[];
}

/**
 * Copies the `state` scope while a gateway may write: each database and each file as it was at one moment. Directories
 * get mode 0700 and files 0600, plus the owner's right to execute. Only reads the source; but when a killed process
 * left a database, opening it makes SQLite undo the uncommitted part, as the gateway's next start would. Does not copy
 * history; see `copyHistory`.
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
  // The SQLite worker copies databases while this process copies files. When one fails, both stop before this returns.
  const [databases = []] = await Promise.all([orStop(copier.databases()), orStop(copier.files())]);
  if (first !== undefined) throw first;
  copier.links();
  const { place, configInto } = request;
  const config = place.config === null ? null : await copier.file(place.config, configInto, place.config);
  return { entries: [...copier.entries, ...databases], config, warnings: copier.warnings };
}
