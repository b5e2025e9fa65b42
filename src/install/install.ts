import { ReleasesError } from '../core/errors.js';
import type { Resolved } from '../registry/resolve.js';
import type { InstallOrder, InstallResult } from './messages.js';
import { runWorker, type WorkerOptions } from './worker.js';

export type { InstallProgress, InstallReport } from './messages.js';
export type { KeptRelease } from './process/reuse.js';
export type { Sharing } from './process/share-equal.js';

export interface InstallRequest
  extends WorkerOptions,
    Omit<InstallOrder, 'kind' | 'version' | 'integrity' | 'tarball'> {
  resolved: Resolved;
}

/**
 * Installs a release with its dependencies: `package.json`, the exact `package-lock.json` and `node_modules`, with
 * OpenClaw's install scripts run. Leaves `directory` as it is after a failure; the caller removes it.
 * @throws ReleasesError `integrity_mismatch`, `archive_invalid`, `install_failed`, `lockfile_invalid`,
 *   `lifecycle_failed`, `registry_error`, `registry_unreachable`, `insufficient_space`, `interrupted`
 */
export async function installRelease(request: InstallRequest): Promise<InstallResult> {
  const { resolved, signal, onProgress, background, scriptsTimeoutMs, ...order } = request;
  const { version, integrity, tarball } = resolved;
  const report = await runWorker(
    { kind: 'install', version, integrity, tarball, ...order },
    { signal, onProgress, background, scriptsTimeoutMs },
  );
  if (report) return report;
  throw new ReleasesError('internal', 'The installing process gave no report.');
}
