import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Parser, type ReadEntry } from 'tar';
import { systemCode } from '../../core/errors.js';

/** Archive entry that only node-tar can handle. */
export class OddArchive extends Error {}

/** Names that may lead to different places, depending on the reader; npm removes the first part of a path. */
const ODD = /(^|\/)\.\.(\/|$)|\/\/|[\\:\0]|^\//;
const MOST_PARTS = 100;
/** Warnings of the parser that node-tar's unpacker treats as errors. */
const FATAL = /^TAR_(BAD_ARCHIVE|ABORT)$/;
/** Errors of the archive and not of the disk: a file in place of a directory, a long name. npm skips such entries. */
export const OWN_FAULT = /^(EISDIR|ENOTDIR|ENOTEMPTY|EEXIST|ELOOP|ENAMETOOLONG|EINVAL)$/;

/**
 * Writes an archive's files below a new directory. It contains no links, because links in archives are skipped, so the
 * check of every parent directory is not needed: that takes half of node-tar's time.
 * @throws OddArchive from `parser`
 */
export class PlainWriter {
  readonly parser: Parser;
  failure: Error | null = null;
  readonly #into: string;
  readonly #made = new Set<string>();
  #open: number | null = null;

  constructor(into: string, keep: (entry: ReadEntry) => boolean) {
    this.#into = into;
    this.parser = new Parser({
      filter: (_path, entry) => keep(entry as ReadEntry),
      onReadEntry: (entry) => this.#write(entry),
      onwarn: (code, message) => {
        if (FATAL.test(code)) this.failure ??= Object.assign(new Error(String(message)), { code });
      },
    });
    this.parser.on('error', (error) => {
      this.failure ??= error as Error;
    });
    this.#makeDirectory(into);
  }

  /** Must be called at the end, also after a failure. */
  close(): void {
    if (this.#open !== null) closeSync(this.#open);
    this.#open = null;
  }

  #write(entry: ReadEntry): void {
    if (ODD.test(entry.path) || entry.path.split('/').length > MOST_PARTS) throw new OddArchive(entry.path);
    const place = join(this.#into, ...entry.path.split('/').slice(1));
    try {
      if (place === this.#into) entry.resume();
      else this.#writeFile(entry, place);
    } catch (cause) {
      if (OWN_FAULT.test(systemCode(cause) ?? '')) throw new OddArchive(entry.path, { cause });
      throw cause;
    }
  }

  #writeFile(entry: ReadEntry, place: string): void {
    this.#makeDirectory(dirname(place));
    const file = openSync(place, 'w', (entry.mode ?? 0) & 0o7777);
    this.#open = file;
    entry.on('data', (bytes: Buffer) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    });
    entry.on('end', () => this.close());
  }

  #makeDirectory(path: string): void {
    if (this.#made.has(path)) return;
    mkdirSync(path, { recursive: true });
    for (let at = path; at !== this.#into && !this.#made.has(at); at = dirname(at)) this.#made.add(at);
    this.#made.add(this.#into);
  }
}
