import { join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { readRecord, recordText } from '../core/record.js';
import type { AbsolutePath, Moment } from '../core/scalars.js';
import { shellWord } from '../core/shell-word.js';
import { removeDurably, writeFileDurably } from '../host/durable.js';
import type { Scope } from '../host/systemd/systemctl.js';
import type { Setting } from '../host/systemd/unit-file.js';
import { lookBefore, undoWritten, type Written, writePlanned } from '../host/written.js';
import type { UnitChange } from './plan.js';

/** `adopted.json`: everything that `undoUnitChange` needs. */
export interface Adoption extends Written {
  schema: 1;
  scope: Scope;
  unit: string;
  dropIn: AbsolutePath;
  recoverUnit: string;
  rescueUnit: string;
  /** Settings of the drop-in for the unit's sandbox; absent when none. */
  added?: Setting[];
  at: Moment;
}

const recordPath = (root: string) => join(root, 'adopted.json');

/**
 * Reads what this root has changed outside of itself; null when that is nothing.
 * @throws ReleasesError `root_invalid` for a corrupt record
 */
export function readAdoption(root: string): Adoption | null {
  const path = recordPath(root);
  const found = readRecord<Adoption>(path, 'adopted');
  if (found.state === 'ok') return found.value;
  if (found.state === 'missing') return null;
  throw new ReleasesError('root_invalid', `${path} ${found.why}; it is what says how to leave the gateway.`, {
    hint: `mv ${shellWord(path)} ${shellWord(`${path}.corrupt`)}, then remove our drop-in (zz-openclaw-releases.conf, which "systemctl cat" of the gateway's unit names), and openclaw-releases adopt`,
  });
}

/**
 * Records the earlier files durably, then writes: after a power cut `undoUnitChange` can put them back. May run again,
 * with another plan for the same unit too; the first record of a path stays. The caller runs `daemon-reload` next.
 * @throws ReleasesError `root_invalid` for another unit or a corrupt record
 */
export function applyUnitChange(plan: UnitChange): Adoption {
  const { root, scope, unit, dropIn, recoverUnit, rescueUnit, added = [], writes } = plan;
  const earlier = readAdoption(root);
  if (earlier && (earlier.unit !== unit || earlier.scope !== scope)) throw otherUnit(root, earlier);
  const adoption: Adoption = {
    schema: 1,
    ...{ scope, unit, dropIn, recoverUnit, rescueUnit },
    ...(added.length > 0 && { added }),
    at: earlier?.at ?? new Date().toISOString(),
    ...lookBefore(writes, earlier ?? undefined),
  };
  writeFileDurably(recordPath(root), recordText(adoption), 0o600);
  writePlanned(writes);
  return adoption;
}

/**
 * Puts the earlier files back, byte for byte and with their mode, and removes the record. A directory that we made and
 * that holds foreign files stays. Idempotent.
 * @returns the undone adoption, or null without one
 */
export function undoUnitChange(root: string): Adoption | null {
  const adoption = readAdoption(root);
  if (!adoption) return null;
  // The drop-in was written last and goes first, so that it never names a missing rescue unit.
  undoWritten(adoption);
  removeDurably(recordPath(root));
  return adoption;
}

function otherUnit(root: string, { unit, scope }: Adoption): ReleasesError {
  return new ReleasesError('root_invalid', `${root} has adopted ${unit} (${scope}) already.`, {
    hint:
      scope === 'system'
        ? `sudo openclaw-releases unadopt --system --unit ${unit}`
        : 'openclaw-releases unadopt',
  });
}
