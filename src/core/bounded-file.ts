import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { ReleasesError, systemCode } from './errors.js';
import { ifPossible } from './if-possible.js';

/** Bytes; our own files have a few thousand, the list of a release's files some million. */
export const LARGEST = 64 * 2 ** 20;

const { O_RDONLY, O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOFOLLOW, O_NOCTTY } = constants;

/** Flags to append to one of our files: a pipe or a link in its place is an error. */
export const TO_APPEND = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;

/** Errors about this process (too many open files, no memory), not about the file. */
const OF_THE_PROCESS = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EINTR', 'EAGAIN']);

export class UnusableFile extends ReleasesError {
  /** Reason, to be read after the path: `is a directory`. */
  readonly why: string;

  constructor(path: string, why: string, cause?: unknown) {
    super('corrupt_files', `${path} ${why}.`, { hint: 'openclaw-releases recover', cause });
    this.why = why;
  }
}

export interface OpenOptions {
  /** Follows a link at the path itself, which counts as unusable otherwise. */
  follow?: boolean;
}

/**
 * Opens a plain file for reading. Never waits: opening a pipe would last until another process writes to it.
 * @throws UnusableFile; system errors when nothing is there (`isAbsent`), or when this process lacks means
 */
export function openPlainFile(
  path: string,
  { follow = false }: OpenOptions = {},
): { fd: number; stats: Stats } {
  const fd = usable(path, () => openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW)));
  const stats = fstatSync(fd);
  if (stats.isFile()) return { fd, stats };
  closeSync(fd);
  throw new UnusableFile(path, stats.isDirectory() ? 'is a directory' : 'is not a plain file');
}

/**
 * Reads a whole plain file.
 * @param maxBytes a larger file is unusable
 * @throws as `openPlainFile`
 */
export function readPlainFile(path: string, maxBytes: number, options?: OpenOptions): Buffer {
  const { fd, stats } = openPlainFile(path, options);
  try {
    if (stats.size > maxBytes) throw new UnusableFile(path, `is far too large (${stats.size} bytes)`);
    return usable(path, () => {
      const bytes = Buffer.allocUnsafe(stats.size);
      let length = 0;
      for (let read = 1; read > 0 && length < bytes.length; length += read) {
        read = readSync(fd, bytes, length, bytes.length - length, null);
      }
      return bytes.subarray(0, length);
    });
  } finally {
    closeSync(fd);
  }
}

/** Text of a plain file of a common size, to which links may lead; null for anything else. */
export function plainText(path: string): string | null {
  return ifPossible(() => readPlainFile(path, LARGEST, { follow: true }).toString()) ?? null;
}

/** Reason of an error of `readPlainFile`, to be read after its path. */
export function whyUnusable(error: unknown): string {
  if (error instanceof UnusableFile) return error.why;
  return `cannot be read (${systemCode(error) ?? (error as Error).message})`;
}

export function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');
}

/** True for an error about a file, false for one about this process. */
export function isAboutFile(error: unknown): boolean {
  const code = systemCode(error);
  return code !== undefined && !OF_THE_PROCESS.has(code);
}

function usable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isAbsent(error) || !isAboutFile(error)) throw error;
    const code = systemCode(error) ?? '';
    throw new UnusableFile(path, WHY[code] ?? `cannot be read (${code})`, error);
  }
}

/** Answers of the kernel to `O_NOFOLLOW` at a link, and to opening a socket. */
const WHY: Record<string, string | undefined> = { ELOOP: 'is a link', ENXIO: 'is not a plain file' };
