import { join } from 'node:path';
import { readAdoption } from '../../adopt/apply.js';
import type { UnitChange } from '../../adopt/plan.js';
import { snapshotUnitChange } from '../../adopt/snapshot.js';
import { refuseNoexec } from '../../host/executable.js';
import { requirePrivilegedParent } from '../../host/systemd/privileged.js';
import type { Step } from '../../ledger/context.js';
import { findManifest, listReleases } from '../../store/manifest.js';
import { isForeign, planAdoption, releaseToAdopt } from '../adoption.js';
import { unitOf } from './attach.js';

/** Finds what the unit runs, for a release of the same version and packages; the install itself stays as it is. */
export const findInstallStep: Step = {
  name: 'find-install',
  async do(context) {
    const { root, change } = context;
    const { facts } = change;
    if (isForeign(unitOf(context))) requirePrivilegedParent();
    refuseNoexec(join(root.bin, 'gateway'));
    const { install, change: unitChange } = await planAdoption(root, unitOf(context));
    facts.unitChange = ownPart(unitChange);
    const earlier = readAdoption(root.path);
    if (earlier) facts.earlierUnitChange = snapshotUnitChange(root.path, earlier);
    const wanted = releaseToAdopt(root, install);
    // A release of an archive has that version, too: for what no registry has.
    const here =
      findManifest(root, wanted) ?? listReleases(root).releases.findLast(({ version }) => version === wanted);
    facts.to = here?.id ?? wanted;
    facts.alreadyStaged = here !== undefined;
    facts.installed = install.packageRoot;
    return `${install.version} in ${install.packageRoot}`;
  },
};

/** The files that this process writes. The superuser's process plans and writes those of a system unit. */
function ownPart(change: UnitChange): UnitChange {
  if (!isForeign(change)) return change;
  return { ...change, writes: change.writes.filter(({ path }) => path.startsWith(`${change.root}/`)) };
}
