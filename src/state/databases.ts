import { closeSync, lstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { walkState } from './walk.js';

/** What every SQLite database begins with; its name tells nothing. */
const MAGIC = Buffer.from('SQLite format 3\0');
const HEADER_BYTES = 100;
/** Of its smallest page. Nothing is in a smaller one yet. */
const SMALLEST = 512;
const USER_VERSION_AT = 60;
const WRITE_FORMAT_AT = 18;

/** What SQLite keeps beside a database. Without the database, or it without them, they mean nothing or another thing. */
const SIDE_FILE = /-(wal|shm|journal)$/;

/** What the first bytes of a database say. */
export interface DatabaseHeader {
  /** `PRAGMA user_version`, as far as it is in the main file. */
  userVersion: number;
  /** Whether changes go to a `-wal` beside it first. */
  wal: boolean;
}

/** The header of a database, or null for any other file, and for one that vanished. */
export function readDatabaseHeader(path: string): DatabaseHeader | null {
  const header = Buffer.alloc(HEADER_BYTES);
  try {
    const fd = openSync(path, 'r');
    try {
      if (readSync(fd, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return null;
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  return { userVersion: header.readInt32BE(USER_VERSION_AT), wal: header[WRITE_FORMAT_AT] === 2 };
}

/** Whether a file of this many bytes is worth the look at its header. */
export function mayBeDatabase(bytes: number): boolean {
  return bytes >= SMALLEST;
}

/**
 * The database that a side file belongs to, or null for any other file. One beside an empty database, or beside
 * none, belongs to nothing: SQLite itself would throw it away.
 */
export function databaseOfSideFile(path: string): string | null {
  if (!SIDE_FILE.test(path)) return null;
  const database = path.replace(SIDE_FILE, '');
  return readDatabaseHeader(database) ? database : null;
}

/** Whether something is in a `-wal` or a `-journal` beside a database that its own file may not tell. */
export function hasSideFiles(path: string): boolean {
  return ['-wal', '-journal'].some((side) => lstatSync(path + side, { throwIfNoEntry: false }));
}

/**
 * Whether one file is all of a database, and nobody has it open: it can be copied as a file. Only databases that are
 * written through a `-wal` show this; others are locked without a trace.
 */
export function isQuiet(path: string, header: DatabaseHeader): boolean {
  return header.wal && !hasSideFiles(path);
}

/**
 * Databases of a state, relative to its directory. Those in `node_modules` are a package's own and tell nothing
 * about the state.
 */
export function findDatabases(directory: string, left: readonly string[]): string[] {
  const found: string[] = [];
  for (const { path, kind, scope, stats } of walkState(directory, left)) {
    if (kind !== 'file' || scope !== 'state' || !mayBeDatabase(stats.size)) continue;
    if (/(^|\/)node_modules\//.test(path)) continue;
    if (readDatabaseHeader(join(directory, path))) found.push(path);
  }
  return found;
}
