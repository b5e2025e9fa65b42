import { join } from 'node:path';
import type { Context } from '../ledger/context.js';
import { knownGoodReleases } from './known-good.js';

/**
 * What a person types when going back failed too: what to look at, and how to start a release that was well, first
 * with our commands and then with none of them.
 */
export function commandsByHand({ root, supervisor, change }: Context): string {
  const { from, to } = change.facts;
  const other = provenReleasesIfReadable(root).find((id) => id !== from && id !== to);
  const { log, restart } = supervisor.byHand;
  const link = `ln -sfn releases/${other ?? from} ${join(root.path, 'current')}`;
  return [
    `openclaw-releases status --root ${root.path}`,
    ...(log === null ? [] : [log]),
    ...(other ? [`openclaw-releases rollback ${other} --root ${root.path}`] : []),
    restart === null ? link : `${link} && ${restart}`,
  ].join('; ');
}

/** What cannot be read is no reason to say nothing. */
function provenReleasesIfReadable(root: Context['root']): string[] {
  try {
    return knownGoodReleases(root);
  } catch {
    return [];
  }
}
