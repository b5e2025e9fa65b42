import { ReleasesError } from '../core/errors.js';
import type { ClientOptions } from '../registry/client.js';
import type { Resolved } from '../registry/resolve.js';
import type { InstallReport, ReleaseRuntime } from './messages.js';
import type { Similar } from './process/reuse.js';
import { runWorker, type WorkerOptions } from './worker.js';

export type { InstallProgress, InstallReport } from './messages.js';
export type { Similar } from './process/reuse.js';

export interface InstallRequest extends WorkerOptions {
  resolved: Resolved;
  /** Where the release is laid out; `node_modules` and `package-lock.json` in it are replaced, all else stays. */
  directory: string;
  runtime: ReleaseRuntime;
  /** Names of dependencies whose install scripts may run; those of OpenClaw itself always do. */
  allowScripts: string[];
  /** Path of an exact `package-lock.json` of the same release to install from. */
  lockfile?: string;
  /** Its packages are begun with at once. */
  similar?: Similar | undefined;
  options: ClientOptions;
}

/**
 * Fetches a release with everything it depends on and makes it ready to start: `package.json`, the exact
 * `package-lock.json` and `node_modules` in `directory`, with OpenClaw's own install scripts run. On failure
 * `directory` is left as it is, for the caller to remove.
 * @throws ReleasesError `integrity_mismatch`, `archive_invalid`, `install_failed`, `lockfile_invalid`, `lifecycle_failed`,
 *   `registry_unreachable`, `insufficient_space`, `interrupted`
 */
export async function installRelease(request: InstallRequest): Promise<InstallReport> {
  const { resolved, directory, runtime, allowScripts, lockfile, similar, options, ...rest } = request;
  const { version, integrity, tarball } = resolved;
  const order = { version, integrity, tarball, directory, runtime, allowScripts, options };
  const report = await runWorker(
    { kind: 'install', ...order, lockfile: lockfile ?? null, similar: similar ?? null },
    rest,
  );
  if (report) return report;
  throw new ReleasesError('internal', 'The installing process gave no report.');
}
