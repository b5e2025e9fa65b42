import { ReleasesError } from '../core/errors.js';
import { type Account, accountOf } from '../host/account.js';
import type { UnitAddress } from '../host/systemd/systemctl.js';
import { isSandboxed } from './sandbox.js';
import { type GatewayUnit, readGatewayUnit } from './unit.js';

/** Reads the unit of a gateway. A unit that runs as somebody else would start programs of the owner as that user. */
export async function readOwnedUnit(name: string, root: string, owner: Account): Promise<GatewayUnit> {
  const unit = await readGatewayUnit({ unit: name, scope: 'system' });
  if (!unit) {
    throw new ReleasesError('supervisor_not_found', `systemd knows no unit ${name} (system).`, {
      hint: 'systemctl list-unit-files "*openclaw*"',
    });
  }
  requireOwner(unit, root, owner);
  return unit;
}

/**
 * Refuses to make a unit of the system start the gateway of another user's root.
 * @throws ReleasesError `root_not_owned`; `sandbox_forbids` for a unit whose user or files no root can have
 */
export async function requireOwnUnit(address: UnitAddress, root: string): Promise<void> {
  const owner = accountOf(process.getuid?.() ?? 0);
  const unit = owner && address.scope === 'system' ? await readGatewayUnit(address) : null;
  if (!owner || !unit) return;
  // A user that systemd makes for each start has no root directory to name: the sandbox is the reason then.
  isSandboxed(unit, root);
  requireOwner(unit, root, owner);
}

function requireOwner({ name, user }: GatewayUnit, root: string, owner: Account): void {
  const runsAs = user ?? 'root';
  if (runsAs === owner.name || runsAs === String(owner.uid)) return;
  throw new ReleasesError(
    'root_not_owned',
    `${name} runs as ${runsAs}, and ${root} belongs to ${owner.name}.`,
    {
      hint: `the same command with sudo, and with --root and a root directory of ${runsAs}; or with --unit`,
    },
  );
}
