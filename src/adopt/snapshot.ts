import { lstatSync, readlinkSync } from 'node:fs';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import type { PlannedFile } from '../host/written.js';
import type { Adoption } from './apply.js';
import type { UnitChange } from './plan.js';

/** Reads the files of an adoption as they are now, as a change that would write them again. */
export function snapshotUnitChange(root: string, adoption: Adoption): UnitChange {
  const { scope, unit, dropIn, recoverUnit, rescueUnit, added, files } = adoption;
  const writes = files.flatMap(({ path }): PlannedFile[] => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) return [];
    if (stats.isSymbolicLink()) return [{ kind: 'link', path, target: readlinkSync(path) }];
    return [
      { kind: 'file', path, content: readPlainFile(path, LARGEST).toString(), mode: stats.mode & 0o7777 },
    ];
  });
  return { root, scope, unit, dropIn, recoverUnit, rescueUnit, ...(added && { added }), writes };
}
