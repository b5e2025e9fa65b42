import { startedAt } from '../host/process.js';
import { runningRelease } from '../ledger/running-release.js';
import { findEndpoint } from '../openclaw/endpoint.js';
import { sampleHealth } from '../openclaw/health.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import type { Inspection, Supervisor } from '../supervisor/supervisor.js';

/** What really runs at this moment, whatever is meant to. */
export interface Runs {
  state: Inspection['state'];
  pid: number | null;
  /** By what the kernel keeps of its start; null when it is none of this root's, or none runs. */
  release: string | null;
  /** Of that release, else what the gateway says of itself. */
  version: string | null;
  ready: boolean;
  /** ISO 8601: when its process was started. */
  since: string | null;
}

/** A busy gateway answers late, and whoever asks for the status wants to see that, and soon. */
const ANSWER_MS = 1_000;

/** @throws ReleasesError `supervisor_not_found`, `supervisor_failed` */
export async function runningGateway(root: Root, supervisor: Supervisor): Promise<Runs> {
  const inspection = await supervisor.inspect();
  const { state, pid } = inspection;
  if (pid === null) return { state, pid, release: null, version: null, ready: false, since: null };
  const release = runningRelease(root, inspection);
  const health = await sampleHealth(findEndpoint(inspection.launch), ANSWER_MS);
  // Somebody else may answer on the port; of a process of ours the kernel tells what it was started from.
  const version = (release && findManifest(root, release)?.version) ?? health.version;
  return { state, pid, release, version, ready: health.ready, since: startedAt(pid) };
}
