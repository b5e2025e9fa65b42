import { join } from 'node:path';
import { shellWord } from '../core/shell-word.js';
import type { Context } from '../ledger/context.js';
import { knownGoodReleases } from './known-good.js';

/**
 * Commands for the operator after a failed rollback: first ours, then plain ones that need no program of this package.
 */
export function commandsByHand({ root, supervisor, change }: Context): string {
  const { from, to } = change.facts;
  const other = provenReleasesIfReadable(root).find((id) => id !== from && id !== to);
  const { log, restart } = supervisor.byHand;
  const link = `ln -sfn releases/${other ?? from} ${shellWord(join(root.path, 'current'))}`;
  const ours = `--root ${shellWord(root.path)}`;
  return [
    `openclaw-releases status ${ours}`,
    ...(log === null ? [] : [log]),
    ...(other ? [`openclaw-releases rollback ${other} ${ours}`] : []),
    restart === null ? link : `${link} && ${restart}`,
  ].join('; ');
}

/** A failed read of the root must not hide the other commands. */
function provenReleasesIfReadable(root: Context['root']): string[] {
  try {
    return knownGoodReleases(root);
  } catch {
    return [];
  }
}
