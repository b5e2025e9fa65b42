import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { exec, problemOf } from '../host/exec.js';
import type { ClientOptions } from '../registry/client.js';
import { cleanEnvironment } from '../registry/environment.js';
import { type RuntimeChoice, unavailable } from '../registry/runtime.js';
import { runWorker } from './worker.js';

const VERSION_TIMEOUT_MS = 30_000;

/**
 * Fetches a Node into `into`, which may be replaced, and proves that `into/bin/node` runs.
 * @throws ReleasesError `node_unavailable`, `integrity_mismatch`, `archive_invalid`, `registry_unreachable`,
 *   `interrupted`
 */
export async function fetchRuntime(
  choice: RuntimeChoice,
  into: string,
  options: ClientOptions,
  signal?: AbortSignal,
): Promise<void> {
  if (choice.kind === 'host' || choice.integrity === null) return;
  const { version, integrity } = choice;
  await runWorker(
    { kind: 'unpack', spec: `${choice.package}@${version}`, integrity, directory: into, options },
    { signal },
  );
  const node = join(into, 'bin/node');
  await chmod(node, 0o755).catch((cause) => {
    throw unavailable(`${choice.package}@${version} has no bin/node in it.`, version, cause);
  });
  const env = cleanEnvironment();
  const result = await exec(node, ['--version'], {
    cwd: into,
    env,
    timeoutMs: VERSION_TIMEOUT_MS,
    signal,
  });
  if (result.ok && result.stdout.trim() === `v${version}`) return;
  throw unavailable(
    `Node ${version} was fetched and does not run here (${result.ok ? `it says ${result.stdout.trim()}` : problemOf(result)}).`,
    version,
  );
}
