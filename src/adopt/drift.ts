import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import type { PlannedFile } from '../host/written.js';
import type { UnitChange } from './plan.js';

export interface Drift {
  path: string;
  state: 'missing' | 'changed';
}

/** Files that differ from the plan in content, link target or executable bit, or are missing. */
export function findDrift(plan: UnitChange): Drift[] {
  return plan.writes.flatMap((write) => {
    const state = stateOf(write);
    return state === 'same' ? [] : [{ path: write.path, state }];
  });
}

function stateOf(write: PlannedFile): Drift['state'] | 'same' {
  const stats = lstatSync(write.path, { throwIfNoEntry: false });
  if (!stats) return 'missing';
  if (write.kind === 'link') {
    return stats.isSymbolicLink() && readlinkSync(write.path) === write.target ? 'same' : 'changed';
  }
  const executable = (mode: number) => (mode & 0o100) !== 0;
  const same =
    stats.isFile() &&
    readFileSync(write.path, 'utf8') === write.content &&
    executable(stats.mode) === executable(write.mode);
  return same ? 'same' : 'changed';
}
