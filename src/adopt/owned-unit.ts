import { ReleasesError } from '../core/errors.js';
import type { Account } from '../host/account.js';
import { type GatewayUnit, readGatewayUnit } from './unit.js';

/** Reads the unit of a gateway. A unit that runs as somebody else would start programs of the owner as that user. */
export async function readOwnedUnit(name: string, root: string, owner: Account): Promise<GatewayUnit> {
  const unit = await readGatewayUnit({ unit: name, scope: 'system' });
  if (!unit) {
    throw new ReleasesError('supervisor_not_found', `systemd knows no unit ${name} (system).`, {
      hint: 'systemctl list-unit-files "*openclaw*"',
    });
  }
  if (unit.user === owner.name || unit.user === String(owner.uid)) return unit;
  throw new ReleasesError(
    'root_not_owned',
    `${name} runs as ${unit.user ?? 'root'}, and ${root} belongs to ${owner.name}.`,
    { hint: `Name a root that belongs to ${unit.user ?? 'root'} with --root, or its unit with --unit.` },
  );
}
