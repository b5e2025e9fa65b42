import { examine } from '../adopt/doctor.js';
import { gatherFacts } from '../adopt/facts.js';
import { type Finding, finding } from '../adopt/finding.js';
import { recoverCommandOf } from '../adopt/plan.js';
import { unmetNeed } from '../adopt/sandbox.js';
import type { Need } from '../adopt/sandbox-needs.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { findManifest, listReleases } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { runtimeFault } from '../store/runtimes.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { overview } from './status.js';

/** Finds drift since the adoption: the unit was rewritten, another OpenClaw is first on the path, and so on. */
export async function diagnose(root: Root, supervisor: Supervisor): Promise<Finding[]> {
  const found = await overview(root, supervisor);
  const damaged = listReleases(root).releases.flatMap((release) => {
    const fault = runtimeFault(root, release, true);
    const sentence = `${release.id} cannot be started: ${fault}.`;
    return fault === null ? [] : [finding('node_damaged', sentence, 'openclaw-releases recover')];
  });
  const drift = examine(
    await gatherFacts({
      root: root.path,
      recover: recoverCommandOf(root.path),
      running: found.gateway?.health.version ?? null,
      current: found.current && (findManifest(root, found.current)?.version ?? null),
      trial: found.trial?.id ?? null,
      corrupt: found.corrupt,
      activeChange: found.running !== null,
      unmet: await unmetBy(root, supervisor),
    }),
  );
  return [...damaged, ...drift];
}

async function unmetBy(root: Root, supervisor: Supervisor): Promise<Need | null> {
  const gateway = await inspectIfThere(supervisor);
  return gateway ? unmetNeed(gateway, root.path) : null;
}
