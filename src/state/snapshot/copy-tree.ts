import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemCode } from '../../core/errors.js';
import { throwIfInterrupted } from '../../core/interrupted.js';
import { runSqlite } from '../../host/sqlite/sqlite.js';
import { isQuiet, readDatabaseHeader } from '../databases.js';
import type { CopiedFile, Entry } from '../snapshot-layout.js';
import type { Found } from '../walk.js';
import type { CopyRequest } from './copy.js';
import { close, copyFile } from './copy-file.js';

/** Enough files to be fast, few enough that Ctrl-C acts at once. */
const FILES_PER_TURN = 100;

export class Copier {
  readonly entries: Entry[] = [];
  readonly warnings: string[] = [];
  readonly #request: CopyRequest;
  /** Bytes copied by this process and by the SQLite worker. */
  readonly #done = { here: 0, elsewhere: 0 };

  constructor(request: CopyRequest) {
    this.#request = request;
  }

  directories(): void {
    for (const { path, stats } of this.#request.survey.directories) {
      mkdirSync(this.#to(path), { mode: 0o700, recursive: true });
      this.entries.push({ path, kind: 'directory', mode: stats.mode & 0o7777 });
    }
  }

  async files(): Promise<void> {
    for (const [index, found] of this.#request.survey.files.entries()) {
      await this.#plain(found);
      if (index % FILES_PER_TURN !== 0) continue;
      this.#tell();
      await setImmediate();
      throwIfInterrupted(this.#request.signal);
    }
  }

  links(): void {
    for (const { path } of this.#request.survey.links) {
      try {
        // As bytes: the target's name may not be UTF-8.
        const target = readlinkSync(this.#from(path), { encoding: 'buffer' });
        symlinkSync(target, this.#to(path));
        this.entries.push({ path, kind: 'link', target: target.toString() });
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
      }
    }
  }

  async databases(): Promise<Entry[]> {
    const { survey, node, signal } = this.#request;
    const rest: Found[] = [];
    for (const found of survey.databases) {
      throwIfInterrupted(signal);
      if (!(await this.#quietDatabase(found))) rest.push(found);
    }
    const orders = rest.map(({ path }) => {
      return { kind: 'copy' as const, database: this.#from(path), to: this.#to(path) };
    });
    const onProgress = (bytes: number) => {
      this.#done.elsewhere = bytes;
      this.#tell();
    };
    const answers = await runSqlite(node, orders, { signal, onProgress });
    const entries: Entry[] = [];
    for (const [index, { path, stats }] of rest.entries()) {
      const answer = answers[index];
      if (answer?.kind === 'copied') {
        const { size, sha256, damaged } = answer;
        close(this.#to(path), stats.mode);
        entries.push({ path, kind: 'file', mode: stats.mode & 0o7777, size, sha256 });
        if (damaged !== null)
          this.warnings.push(`The database ${JSON.stringify(path)} is damaged: ${damaged}.`);
      } else if (answer?.kind === 'absent' && answer.why === 'no-database') await this.#asFiles(path);
    }
    return entries;
  }

  /** Copies one file and warns when it never stopped changing; null when it vanished. */
  async file(from: string, to: string, name: string): Promise<CopiedFile | null> {
    const copied = await copyFile(from, to);
    if (copied === null) return null;
    const { steady, ...file } = copied;
    if (!steady) this.warnings.push(`${JSON.stringify(name)} changed all the time while it was copied.`);
    return file;
  }

  #from(path: string): string {
    return join(this.#request.place.directory, path);
  }

  #to(path: string): string {
    return join(this.#request.into, path);
  }

  async #plain({ path, stats }: Pick<Found, 'path' | 'stats'>): Promise<void> {
    const file = await this.file(this.#from(path), this.#to(path), path);
    if (file) this.entries.push({ path, kind: 'file', ...file });
    this.#done.here += stats.size;
  }

  /** Copies a database that no process has open as one file; returns false when that is not safe. */
  async #quietDatabase({ path }: Found): Promise<boolean> {
    const [from, to] = [this.#from(path), this.#to(path)];
    const header = readDatabaseHeader(from);
    if (!header || !isQuiet(from, header)) return false;
    const copied = await copyFile(from, to);
    if (copied?.steady && isQuiet(from, header)) {
      const { steady: _, ...file } = copied;
      this.entries.push({ path, kind: 'file', ...file });
      this.#done.here += file.size;
      return true;
    }
    // A process has just opened it.
    rmSync(to, { force: true });
    return false;
  }

  /** Copies a file that only looks like a database, with its side files. A `-shm` is memory, not content. */
  async #asFiles(path: string): Promise<void> {
    for (const name of [path, `${path}-wal`, `${path}-journal`]) {
      const stats = lstatSync(this.#from(name), { throwIfNoEntry: false });
      if (!stats?.isFile()) continue;
      rmSync(this.#to(name), { force: true });
      await this.#plain({ path: name, stats });
    }
    this.warnings.push(
      `${JSON.stringify(path)} begins as a database but is none that can be read; it was copied as it is.`,
    );
  }

  #tell(): void {
    const { bytes } = this.#request.survey;
    // A database may have grown since the survey.
    this.#request.onProgress?.(Math.min(this.#done.here + this.#done.elsewhere, bytes), bytes);
  }
}
