import { closeSync, lstatSync, readSync } from 'node:fs';
import { openPlainFile } from '../core/bounded-file.js';

const MAGIC = Buffer.from('SQLite format 3\0');
const HEADER_BYTES = 100;
/** Bytes of SQLite's smallest page: a smaller file has no content yet. */
const SMALLEST = 512;
const USER_VERSION_AT = 60;
const WRITE_FORMAT_AT = 18;

/** Files that SQLite keeps beside a database. Apart from each other, they and the database are useless or wrong. */
const SIDE_FILE = /-(wal|shm|journal)$/;

export interface DatabaseHeader {
  /** `PRAGMA user_version` in the main file; a `-wal` may hold a newer one. */
  userVersion: number;
  wal: boolean;
}

/** Reads the header of a database; null for any other file, and for a file that vanished. */
export function readDatabaseHeader(path: string): DatabaseHeader | null {
  const header = Buffer.alloc(HEADER_BYTES);
  try {
    const { fd } = openPlainFile(path, { follow: true });
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

export function mayBeDatabase(bytes: number): boolean {
  return bytes >= SMALLEST;
}

/** Returns the database of a side file, else null. SQLite deletes a side file without a database. */
export function databaseOfSideFile(path: string): string | null {
  if (!SIDE_FILE.test(path)) return null;
  const database = path.replace(SIDE_FILE, '');
  return readDatabaseHeader(database) ? database : null;
}

/** Returns true when a `-wal` or `-journal` may hold content that the main file lacks. */
export function hasSideFiles(path: string): boolean {
  return ['-wal', '-journal'].some((side) => lstatSync(path + side, { throwIfNoEntry: false }));
}

/** Returns true when one file is the whole database and no process has it open; only `-wal` databases show this. */
export function isQuiet(path: string, header: DatabaseHeader): boolean {
  return header.wal && !hasSideFiles(path);
}
