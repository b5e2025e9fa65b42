import { examine } from '../adopt/doctor.js';
import { gatherFacts } from '../adopt/facts.js';
import type { Finding } from '../adopt/finding.js';
import { recoverCommandOf } from '../adopt/plan.js';
import { unmetNeed } from '../adopt/sandbox.js';
import type { Need } from '../adopt/sandbox-needs.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { overview } from './status.js';

/** Finds drift since the adoption: the unit was rewritten, another OpenClaw is first on the path, and so on. */
export async function diagnose(root: Root, supervisor: Supervisor): Promise<Finding[]> {
  const found = await overview(root, supervisor);
  return examine(
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
}

async function unmetBy(root: Root, supervisor: Supervisor): Promise<Need | null> {
  const gateway = await inspectIfThere(supervisor);
  return gateway ? unmetNeed(gateway, root.path) : null;
}
