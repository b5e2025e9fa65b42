import { startedAt } from '../host/process-age.js';
import { runningRelease } from '../ledger/running-release.js';
import { reach } from '../openclaw/reach.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import type { Inspection, Supervisor } from '../supervisor/supervisor.js';

/** Process that really runs, not the intended one. */
export interface Runs {
  state: Inspection['state'];
  pid: number | null;
  /** From the kernel's facts about its start; null when it is not from this root, or none runs. */
  release: string | null;
  /** Version of that release, else as the gateway reports it. */
  version: string | null;
  ready: boolean;
  /** Start of its process, ISO 8601. */
  since: string | null;
}

/** A busy gateway answers late, but the status must come soon. */
const ANSWER_MS = 1_000;

export async function runningGateway(root: Root, supervisor: Supervisor): Promise<Runs> {
  const inspection = await supervisor.inspect();
  const { state, pid } = inspection;
  if (pid === null) return { state, pid, release: null, version: null, ready: false, since: null };
  const release = runningRelease(root, inspection);
  const { health } = await reach(inspection, ANSWER_MS);
  // Another process may answer on the port; the kernel knows the release of our process.
  const version = (release && findManifest(root, release)?.version) ?? health.version;
  return { state, pid, release, version, ready: health.ready, since: startedAt(pid) };
}
