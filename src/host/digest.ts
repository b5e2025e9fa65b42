import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fchmodSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { isAboutFile, openPlainFile } from '../core/bounded-file.js';
import { sha256 } from '../core/sha256.js';

const PIECE = 1 << 18;

let piece: Buffer | undefined;

/**
 * Hashes an open file to its end; `take` must not keep the bytes that it receives.
 * @param size in bytes
 * @returns sha256 in hex
 * @throws system errors
 */
function digestOpen(file: number, size: number, take?: (bytes: Buffer) => void): string {
  piece ??= Buffer.allocUnsafe(PIECE);
  let read = readSync(file, piece);
  if (read === size && read < PIECE) {
    take?.(piece.subarray(0, read));
    return sha256(piece.subarray(0, read));
  }
  const hash = createHash('sha256');
  for (; read > 0; read = readSync(file, piece)) {
    take?.(piece.subarray(0, read));
    hash.update(piece.subarray(0, read));
  }
  return hash.digest('hex');
}

/**
 * Copies an open file into a new one.
 * @param size in bytes
 * @returns sha256 of what was copied, in hex
 * @throws system errors
 */
export function copyOpen(file: number, size: number, into: string, mode: number): string {
  const target = openSync(into, 'wx', mode);
  try {
    return digestOpen(file, size, (bytes) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(target, bytes, at);
    });
  } finally {
    closeSync(target);
  }
}

export interface Digest {
  /** Bytes. */
  size: number;
  sha256: string;
}

/** Size and digest from one read, so that they agree. */
export function digestFile(path: string): Digest {
  const fd = openSync(path, 'r');
  try {
    let size = 0;
    const sha256 = digestOpen(fd, fstatSync(fd).size, (bytes) => {
      size += bytes.length;
    });
    return { size, sha256 };
  } finally {
    closeSync(fd);
  }
}

/** Does the work of `digestFile` for large files without blocking the event loop. */
export async function digestLarge(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const bytes of createReadStream(path)) {
    hash.update(bytes);
    size += bytes.length;
  }
  return { size, sha256: hash.digest('hex') };
}

export interface FileOptions {
  /** Removes the write permission of each file. */
  close?: boolean;
  /**
   * Bytes. A larger file is not read, and its digest is `larger`. With this a file that cannot be read has the digest
   * `unreadable`; without it the file is an error.
   */
  largest?: number;
}

/** Waits for no pipe, unlike `digestFile`. @throws UnusableFile; system errors */
export function digestOne(path: string, { close = false, largest }: FileOptions = {}): Digest {
  try {
    const { fd, stats } = openPlainFile(path);
    const { size, mode } = stats;
    try {
      const sha256 = size > (largest ?? Number.POSITIVE_INFINITY) ? 'larger' : digestOpen(fd, size);
      // A file that releases share is closed, and a needless change would reach all of them.
      if (close && (mode & 0o7777) !== (mode & 0o555)) fchmodSync(fd, mode & 0o555);
      return { sha256, size };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (largest === undefined || !isAboutFile(error)) throw error;
    return { sha256: 'unreadable', size: 0 };
  }
}
