import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ReleasesError, systemCode } from '../errors.js';
import { fsyncDirectory, removeDurably, replaceSymlinkDurably, writeFileDurably } from '../host/durable.js';
import { readRecord } from '../record.js';
import type { UnitChange } from './plan.js';
import type { Scope } from './systemctl.js';

/** What was at a path before; `content` is base64, because it must come back byte for byte. */
type Before =
  | { kind: 'absent' }
  | { kind: 'link'; target: string }
  | { kind: 'file'; content: string; mode: number; uid: number; gid: number; mtimeMs: number };

/** `adopted.json`: what `leave` returns to. */
export interface Adoption {
  schema: 1;
  scope: Scope;
  unit: string;
  dropIn: string;
  recoverUnit: string;
  rescueUnit: string;
  /** ISO 8601. */
  at: string;
  files: { path: string; before: Before }[];
  /** Directories that were made, the deepest last. */
  directories: string[];
}

const recordPath = (root: string) => join(root, 'adopted.json');

/**
 * What this root has changed outside of itself, or null.
 * @throws ReleasesError `root_invalid` when there is a record that cannot be read
 */
export function readAdoption(root: string): Adoption | null {
  const path = recordPath(root);
  const found = readRecord<Adoption>(path, 'adopted');
  if (found.state === 'read') return found.value;
  if (found.state === 'absent') return null;
  throw new ReleasesError('root_invalid', `${path} ${found.why}; it is what says how to leave the gateway.`, {
    hint: `mv ${path} ${path}.unreadable, then remove our drop-in, which systemctl cat openclaw-gateway.service names, and openclaw-releases adopt`,
    untouched: 'Nothing was changed.',
  });
}

/**
 * Writes what was planned, after what was there before is on record: a power cut at any moment leaves something
 * that `undoUnitChange` can put back. May run again, with another plan too; the first record of a path stays.
 * systemd has to be told afterwards: `daemon-reload`.
 */
export function applyUnitChange(plan: UnitChange): Adoption {
  const { root, scope, unit, dropIn, recoverUnit, rescueUnit, writes } = plan;
  const earlier = readAdoption(root);
  if (earlier && (earlier.unit !== unit || earlier.scope !== scope)) throw otherUnit(root, earlier);
  const known = new Set(earlier?.files.map(({ path }) => path));
  const added = writes
    .filter(({ path }) => !known.has(path))
    .map(({ path }) => ({ path, before: look(path) }));
  const missing = writes.flatMap(({ path }) => missingDirectories(dirname(path)));
  const adoption: Adoption = {
    schema: 1,
    ...{ scope, unit, dropIn, recoverUnit, rescueUnit },
    at: earlier?.at ?? new Date().toISOString(),
    files: [...(earlier?.files ?? []), ...added],
    directories: [...new Set([...(earlier?.directories ?? []), ...missing])],
  };
  writeFileDurably(recordPath(root), `${JSON.stringify(adoption, null, 2)}\n`, 0o600);
  ownLikeDirectory(recordPath(root));
  for (const write of writes) {
    for (const directory of missingDirectories(dirname(write.path))) {
      mkdirSync(directory);
      ownLikeDirectory(directory);
      fsyncDirectory(dirname(directory));
    }
    if (write.kind === 'link') replaceSymlinkDurably(write.path, write.target);
    else {
      writeFileDurably(write.path, write.content, write.mode);
      chmodSync(write.path, write.mode);
      ownLikeDirectory(write.path);
    }
  }
  return adoption;
}

/**
 * Puts back what was there before `applyUnitChange`, byte for byte and with its mode, and removes the record. What
 * others have put into a directory of ours stays, and so does the directory. Doing it twice is fine.
 * @returns what was undone, or null when there was nothing to undo
 */
export function undoUnitChange(root: string): Adoption | null {
  const adoption = readAdoption(root);
  if (!adoption) return null;
  // The drop-in was written last and goes first: without it the others are never started.
  for (const { path, before } of adoption.files.toReversed()) putBack(path, before);
  for (const directory of adoption.directories.toReversed()) {
    try {
      rmdirSync(directory);
      fsyncDirectory(dirname(directory));
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) throw error;
    }
  }
  removeDurably(recordPath(root));
  return adoption;
}

function look(path: string): Before {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return { kind: 'absent' };
  if (stats.isSymbolicLink()) return { kind: 'link', target: readlinkSync(path) };
  const { uid, gid, mtimeMs } = stats;
  return {
    kind: 'file',
    content: readFileSync(path).toString('base64'),
    ...{ mode: stats.mode & 0o7777, uid, gid, mtimeMs },
  };
}

function putBack(path: string, before: Before): void {
  if (!existsSync(dirname(path))) {
    if (before.kind === 'absent') return;
    mkdirSync(dirname(path), { recursive: true });
  }
  if (before.kind === 'absent') {
    removeDurably(path);
  } else if (before.kind === 'link') replaceSymlinkDurably(path, before.target);
  else {
    writeFileDurably(path, Buffer.from(before.content, 'base64'), before.mode);
    chownSync(path, before.uid, before.gid);
    chmodSync(path, before.mode);
    utimesSync(path, before.mtimeMs / 1000, before.mtimeMs / 1000);
  }
}

/** The directories on the way to this one that do not exist, the deepest last. */
function missingDirectories(path: string): string[] {
  return existsSync(path) ? [] : [...missingDirectories(dirname(path)), path];
}

/** The superuser who adopts a service of another user leaves nothing in that user's directories that he cannot remove. */
function ownLikeDirectory(path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(path));
  chownSync(path, uid, gid);
}

function otherUnit(root: string, { unit, scope }: Adoption): ReleasesError {
  return new ReleasesError('root_invalid', `${root} has adopted ${unit} (${scope}) already.`, {
    hint: 'openclaw-releases leave',
    untouched: 'Nothing was changed.',
  });
}
