import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ifPossible } from '../../core/if-possible.js';
import { mayBeDatabase, readDatabaseHeader } from '../databases.js';
import { isWithin, type StatePlace } from '../place.js';
import { classify } from '../scope.js';

export type LinkProblem = { kind: 'refused' | 'warning'; sentence: string };

/** Entries searched behind one link before the search stops. */
const LARGEST_LOOK = 20_000;

/**
 * Judges a link: the copy keeps links as links, so a target outside of the state is not copied. Such a file is a
 * warning; such a database is a refusal, because a restore would leave it newer than the rest.
 */
export function judgeLink(place: StatePlace, path: string, left: readonly string[]): LinkProblem | null {
  // A package manager's links lead to code, and OpenClaw repairs its own plugins' links at start.
  if (/(^|\/)node_modules\//.test(path)) return null;
  const link = join(place.directory, path);
  const target = ifPossible(() => realpathSync(link));
  // A broken link is broken in the copy too.
  if (target === undefined || target === place.config || target === place.directory) return null;
  if (isWithin(target, place.directory) && classify(relative(place.directory, target), left) !== 'excluded')
    return null;
  const leads = `${JSON.stringify(path)} is a link to ${JSON.stringify(target)}`;
  const database = findDatabase(target);
  if (database === null) {
    return { kind: 'warning', sentence: `${leads}, which is not kept: going back leaves it as it is.` };
  }
  const what = database === target ? 'a database' : `where there is a database (${JSON.stringify(database)})`;
  const sentence = `${leads}, ${what}: it would not be restored with the rest. Move it to where the link is, or start the gateway with OPENCLAW_STATE_DIR naming the directory that holds everything.`;
  return { kind: 'refused', sentence };
}

function findDatabase(target: string): string | null {
  const waiting = [target];
  for (let looked = 0; looked < LARGEST_LOOK; looked++) {
    const path = waiting.pop();
    if (path === undefined) return null;
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory()) waiting.push(...childrenOf(path));
    else if (stats?.isFile() && mayBeDatabase(stats.size) && readDatabaseHeader(path)) return path;
  }
  return null;
}

/** Skips further links: they could form a circle. */
function childrenOf(directory: string): string[] {
  const entries = ifPossible(() => readdirSync(directory, { withFileTypes: true })) ?? [];
  return entries
    .filter((entry) => !entry.isSymbolicLink() && entry.name !== 'node_modules')
    .map((entry) => join(directory, entry.name));
}
