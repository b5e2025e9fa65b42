import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readAdoption } from '../adopt/apply.js';
import { findInstall, type Install } from '../adopt/install.js';
import { requireOwnUnit } from '../adopt/owned-unit.js';
import { planUnitChange, recoverCommandOf, type UnitChange } from '../adopt/plan.js';
import { fitSandbox, isSandboxed } from '../adopt/sandbox.js';
import { placesOf } from '../adopt/sandbox-trial.js';
import type { GatewayUnit } from '../adopt/unit.js';
import { ReleasesError } from '../core/errors.js';
import { askPrivileged } from '../host/systemd/privileged.js';
import type { UnitAddress } from '../host/systemd/systemctl.js';
import type { Setting } from '../host/systemd/unit-file.js';
import { homeDirectory } from '../host/user.js';
import { currentRelease } from '../store/links.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';

/** @throws ReleasesError `root_not_owned`, `not_openclaw`, `supervisor_not_found`, `supervisor_failed`, `sandbox_forbids` */
export async function planAdoption(
  root: Root,
  unit: UnitAddress,
): Promise<{ install: Install; change: UnitChange }> {
  await requireOwnUnit(unit, root.path);
  const install = await findInstall(unit);
  if (existsSync(join(install.packageRoot, '.git'))) throw checkout(install.packageRoot);
  const version = findManifest(root, releaseToAdopt(root, install))?.version ?? install.version;
  const recover = recoverCommandOf(root.path);
  const plan = (added: Setting[]) => planUnitChange({ install, root: root.path, recover, added, version });
  // A unit that cannot be understood is refused before anything is tried in it.
  const change = plan([]);
  const added = install.unit ? await sandboxFor(root, install.unit) : [];
  return { install, change: added.length > 0 ? plan(added) : change };
}

/** Adopting again repairs drift; it does not return to the version that was adopted first. */
export function releaseToAdopt(root: Root, { version }: Install): string {
  return (readAdoption(root.path) && currentRelease(root)) ?? version;
}

/** True where unit files are the superuser's to write, and this process is the owner's. */
export function isForeign({ scope }: Pick<UnitAddress, 'scope'>): boolean {
  return scope === 'system' && process.getuid?.() !== 0;
}

/** Settings that the unit's sandbox lacks. */
async function sandboxFor(root: Root, unit: GatewayUnit): Promise<Setting[]> {
  if (!isSandboxed(unit, root.path)) return [];
  // For `--dry-run`, which leaves no root.
  const made = mkdirSync(root.path, { recursive: true, mode: 0o700 });
  try {
    if (isForeign(unit)) return JSON.parse((await askPrivileged({ does: 'fit-sandbox' })).stdout);
    return await fitSandbox(unit, placesOf(unit, root.path, homeDirectory()));
  } finally {
    for (let at = root.path; made !== undefined && at.length >= made.length; at = dirname(at)) rmdirSync(at);
  }
}

function checkout(packageRoot: string): ReleasesError {
  return new ReleasesError('not_openclaw', `${packageRoot} is a source checkout, not an installed package.`, {
    hint: 'openclaw-releases stage <version>, or npm pack in the checkout and stage the archive',
  });
}
