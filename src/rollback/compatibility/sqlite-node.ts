import { join } from 'node:path';
import { ReleasesError } from '../../core/errors.js';
import { findSqliteNode } from '../../host/sqlite/sqlite-node.js';
import type { Change } from '../../ledger/ledger.js';
import { runningRelease } from '../../ledger/running-release.js';
import type { StatePlace } from '../../state/place.js';
import { findDatabases } from '../../state/walk.js';
import { currentRelease, previousRelease } from '../../store/links.js';
import { releaseDirectory } from '../../store/manifest.js';
import type { Root } from '../../store/root.js';
import type { Inspection } from '../../supervisor/supervisor.js';

export function nodeFor(root: Root, gateway: Inspection, place: StatePlace): Promise<string> {
  const from = runningRelease(root, gateway) ?? currentRelease(root);
  return sqliteNodeOf(root, { facts: { from, to: previousRelease(root), previous: null, place } });
}

/**
 * Finds a Node that can make a SQLite backup: the releases' own, since OpenClaw needs SQLite too, or this process's.
 * Without a database any Node will do.
 * @throws ReleasesError `snapshot_refused`
 */
export async function sqliteNodeOf(root: Root, { facts }: Pick<Change, 'facts'>): Promise<string> {
  const releases = [facts.from, facts.to].filter((id) => id !== null);
  const nodes = releases.map((id) => join(releaseDirectory(root, id), 'node'));
  const { directory } = facts.place ?? {};
  if (!directory || findDatabases(directory, []).length === 0) return process.execPath;
  const found = await findSqliteNode([...nodes, process.execPath]);
  if (found !== null) return found;
  throw new ReleasesError(
    'snapshot_refused',
    `None of the Nodes here can copy a SQLite database: ${[...nodes, process.execPath].join(', ')}.`,
    { hint: 'Run openclaw-releases with Node 22.16 or newer.' },
  );
}
