import { ReleasesError } from '../core/errors.js';
import type { ClientOptions } from '../registry/client.js';
import type { Resolved } from '../registry/resolve.js';
import type { Share } from '../store/policy.js';
import type { InstallResult, ReleaseRuntime } from './messages.js';
import type { KeptRelease } from './process/reuse.js';
import { runWorker, type WorkerOptions } from './worker.js';

export type { InstallProgress, InstallReport } from './messages.js';
export type { KeptRelease } from './process/reuse.js';

export interface InstallRequest extends WorkerOptions {
  resolved: Resolved;
  /** Directory of the release; its `package.json`, `package-lock.json` and `node_modules` are replaced. */
  directory: string;
  runtime: ReleaseRuntime;
  /** Dependencies whose install scripts may run; OpenClaw's own always run. */
  allowScripts: string[];
  /** Path of an exact `package-lock.json` of this release. */
  lockfile?: string;
  /** True for a lockfile that this host kept. */
  isOwnLockfile?: boolean;
  /** Absolute path of an installed OpenClaw whose packages are wanted, where there is no lockfile. */
  installed?: string;
  /** Releases whose packages are taken before any download; the first that has one gives it. */
  kept?: KeptRelease[];
  share?: Share;
  options: ClientOptions;
}

/**
 * Installs a release with its dependencies: `package.json`, the exact `package-lock.json` and `node_modules`, with
 * OpenClaw's install scripts run. Leaves `directory` as it is after a failure; the caller removes it.
 * @throws ReleasesError `integrity_mismatch`, `archive_invalid`, `install_failed`, `lockfile_invalid`,
 *   `lifecycle_failed`, `registry_error`, `registry_unreachable`, `insufficient_space`, `interrupted`
 */
export async function installRelease(request: InstallRequest): Promise<InstallResult> {
  const {
    resolved,
    directory,
    runtime,
    allowScripts,
    lockfile,
    isOwnLockfile = false,
    installed = null,
    kept = [],
    share = 'auto',
    options,
    ...rest
  } = request;
  const { version, integrity, tarball } = resolved;
  const order = {
    version,
    integrity,
    tarball,
    directory,
    runtime,
    allowScripts,
    isOwnLockfile,
    installed,
    kept,
    share,
    options,
  };
  const report = await runWorker({ kind: 'install', ...order, lockfile: lockfile ?? null }, rest);
  if (report) return report;
  throw new ReleasesError('internal', 'The installing process gave no report.');
}
