import { examine } from '../adopt/doctor.js';
import { gatherFacts } from '../adopt/facts.js';
import type { Finding } from '../adopt/finding.js';
import { recoverCommandOf } from '../change/steps/adopt.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { overview } from './status.js';

/** What has drifted since a gateway was adopted: the unit rewritten, another OpenClaw first on the path, and the like. */
export async function diagnose(root: Root, supervisor: Supervisor): Promise<Finding[]> {
  const found = await overview(root, supervisor);
  return examine(
    await gatherFacts({
      root: root.path,
      recover: recoverCommandOf(root),
      running: found.gateway?.health.version ?? null,
      current: found.current && (findManifest(root, found.current)?.version ?? null),
      trial: found.trial?.id ?? null,
      corrupt: found.corrupt,
      changeUnderWay: found.running !== null,
    }),
  );
}
