import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { endianness } from 'node:os';
import { systemCode } from '../core/errors.js';
import { readDatabaseHeader } from './databases.js';

/** Sizes and offsets from SQLite's file format, "The Write-Ahead Log". */
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** The last bit gives the byte order of the checksums. */
const WAL_MAGIC = 0x377f0682;
const WAL_FORMAT = 3_007_000;
const USER_VERSION_AT = 60;

/**
 * `PRAGMA user_version` as SQLite would report it: a committed change in the `-wal` counts. Does not use SQLite, which
 * would write beside the database and needs a newer Node.
 * @returns null for other files, and for a database with a transaction to roll back, which only SQLite can do
 */
export function userVersion(path: string): number | null {
  const header = readDatabaseHeader(path);
  if (header === null || sizeOf(`${path}-journal`) > 0) return null;
  return newestInLog(`${path}-wal`) ?? header.userVersion;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Version in the last committed first page of the log, or null when the log has none. */
function newestInLog(path: string): number | null {
  const fd = openIfThere(path);
  if (fd === null) return null;
  try {
    return scan(fd);
  } finally {
    closeSync(fd);
  }
}

function scan(fd: number): number | null {
  const { size } = fstatSync(fd);
  const header = Buffer.alloc(WAL_HEADER_BYTES);
  if (readSync(fd, header, 0, header.length, 0) < header.length) return null;
  const magic = header.readUInt32BE(0);
  const pageBytes = header.readUInt32BE(8);
  if ((magic & ~1) >>> 0 !== WAL_MAGIC || header.readUInt32BE(4) !== WAL_FORMAT) return null;
  if (pageBytes < 512 || pageBytes > 65_536) return null;
  const sum = checksum(magic & 1 ? 'BE' : 'LE');
  if (!sum(header.subarray(0, 24), header.readUInt32BE(24), header.readUInt32BE(28))) return null;

  const frame = Buffer.alloc(FRAME_HEADER_BYTES + pageBytes);
  let committed: number | null = null;
  let uncommitted: number | null = null;
  for (let at = WAL_HEADER_BYTES; at + frame.length <= size; at += frame.length) {
    if (readSync(fd, frame, 0, frame.length, at) < frame.length) break;
    // Frames of an earlier use of the log follow the last valid one.
    if (!frame.subarray(8, 16).equals(header.subarray(16, 24))) break;
    const [sum0, sum1] = [frame.readUInt32BE(16), frame.readUInt32BE(20)];
    const page = frame.subarray(FRAME_HEADER_BYTES);
    if (!sum(Buffer.concat([frame.subarray(0, 8), page]), sum0, sum1)) break;
    if (frame.readUInt32BE(0) === 1) uncommitted = page.readInt32BE(USER_VERSION_AT);
    if (frame.readUInt32BE(4) > 0) committed = uncommitted;
  }
  return committed;
}

/** SQLite's checksum, carried from one piece to the next; returns true when it equals the stored one. */
function checksum(order: 'BE' | 'LE'): (bytes: Buffer, expected0: number, expected1: number) => boolean {
  let [sum0, sum1] = [0, 0];
  return (bytes, expected0, expected1) => {
    // Words in this machine's byte order are far faster to read, and a log can have millions.
    const own = endianness() === order ? bytes : Buffer.from(bytes).swap32();
    const words = new Uint32Array(new Uint8Array(own).buffer);
    for (let at = 0; at < words.length; at += 2) {
      sum0 = (sum0 + (words[at] ?? 0) + sum1) >>> 0;
      sum1 = (sum1 + (words[at + 1] ?? 0) + sum0) >>> 0;
    }
    return sum0 === expected0 && sum1 === expected1;
  };
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}
