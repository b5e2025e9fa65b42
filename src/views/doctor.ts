import { examine } from '../adopt/doctor.js';
import { gatherFacts } from '../adopt/facts.js';
import { type Finding, finding } from '../adopt/finding.js';
import { recoverCommandOf } from '../adopt/plan.js';
import { unmetNeed } from '../adopt/sandbox.js';
import { placeOf } from '../host/place.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { type OtherGateway, otherGateways } from '../openclaw/other-gateways.js';
import { findManifest, listReleases } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { runtimeFault } from '../store/runtimes.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { overview } from './status.js';

export interface Diagnosis {
  findings: Finding[];
  /** Other gateways of this machine; nothing is wrong with them. */
  others: OtherGateway[];
}

/** Finds drift since the adoption: the unit was rewritten, another OpenClaw is first on the path, and so on. */
export async function diagnose(root: Root, supervisor: Supervisor): Promise<Diagnosis> {
  const found = await overview(root, supervisor);
  const damaged = listReleases(root).releases.flatMap((release) => {
    const fault = runtimeFault(root, release, true);
    const sentence = `${release.id} cannot be started: ${fault}.`;
    return fault === null ? [] : [finding('node_damaged', sentence, 'openclaw-releases recover')];
  });
  const others = await otherGateways((pid) => supervisor.owns(pid).catch(() => false));
  const gateway = await inspectIfThere(supervisor);
  const state = gateway && placeOf(gateway.launch).directory;
  // A candidate has a copy of the state at the same path.
  const sharing =
    found.running === null ? others.filter(({ place }) => place && place.directory === state) : [];
  const drift = examine(
    await gatherFacts({
      root: root.path,
      recover: recoverCommandOf(root.path),
      running: found.gateway?.health.version ?? null,
      current: found.current && (findManifest(root, found.current)?.version ?? null),
      trial: found.trial?.id ?? null,
      corrupt: found.corrupt,
      activeChange: found.running !== null,
      unmet: gateway && (await unmetNeed(gateway, root.path)),
      sharing,
    }),
  );
  return { findings: [...damaged, ...drift], others: others.filter((other) => !sharing.includes(other)) };
}
