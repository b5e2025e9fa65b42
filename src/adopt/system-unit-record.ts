import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { readRecord, recordText } from '../core/record.js';
import type { AbsolutePath, Pid } from '../core/scalars.js';
import { sha256 } from '../core/sha256.js';
import { shellWord } from '../core/shell-word.js';
import type { Account } from '../host/account.js';
import { removeDurably, writeFileDurably } from '../host/durable.js';
import type { Written } from '../host/written.js';
import type { FilesRecord, SupervisorFiles } from './supervisor-files-record.js';
import { defaultUnit } from './unit.js';

/** Only the superuser reads and writes here: what lies below a root is its owner's. */
const RECORDS = '/var/lib/openclaw-releases';

/** Everything that the superuser needs to undo what it wrote for one root. */
export interface SystemRecord {
  schema: 1;
  root: AbsolutePath;
  uid: Pid;
  unit: string;
  /** Null before an adoption and after it was undone. */
  units: Written | null;
  timer: Written | null;
  /** The files before the last change of `units`, and `units` of then; null when that change has succeeded. */
  attempt: { before: Written; units: Written | null } | null;
  /** Changed files of a supervisor other than systemd; absent when none. */
  supervisorFiles?: SupervisorFiles;
}

/** The record of the superuser about the root of one owner. */
export class SystemUnitRecord {
  readonly #path: string;

  constructor(
    readonly root: string,
    readonly owner: Account,
    directory = RECORDS,
  ) {
    const name = sha256(root).slice(0, 16);
    this.#path = join(directory, `${name}.json`);
  }

  /** @throws ReleasesError `root_invalid` for a corrupt record */
  read(): SystemRecord | null {
    const found = readRecord<SystemRecord>(this.#path, 'system-units');
    if (found.state === 'missing') return null;
    // Where the root of another user lay, whose account is gone, there is nothing to undo for this one.
    if (found.state === 'ok')
      return found.value.uid === this.owner.uid && found.value.root === this.root ? found.value : null;
    throw new ReleasesError(
      'root_invalid',
      `${this.#path} ${found.why}; it says how to undo what was written.`,
      {
        hint: `mv ${this.#path} ${this.#path}.corrupt, then remove our drop-in, which systemctl cat ${defaultUnit()} names`,
      },
    );
  }

  /** Part of the record about a supervisor other than systemd. */
  get files(): FilesRecord {
    return {
      read: () => this.read()?.supervisorFiles ?? null,
      save: (files) => {
        const { supervisorFiles: _, ...rest } = this.read() ?? this.#fresh(defaultUnit());
        this.save(files ? { ...rest, supervisorFiles: files } : rest);
      },
    };
  }

  /** @throws ReleasesError `root_invalid` where the root has adopted another unit */
  readFor(unit: string): SystemRecord {
    const earlier = this.read();
    const { root } = this;
    if (earlier?.units && earlier.unit !== unit) {
      throw new ReleasesError('root_invalid', `${root} has adopted ${earlier.unit} (system) already.`, {
        hint: `openclaw-releases unadopt --system --unit ${earlier.unit} --root ${shellWord(root)}`,
      });
    }
    return earlier ? { ...earlier, unit } : this.#fresh(unit);
  }

  #fresh(unit: string): SystemRecord {
    return {
      schema: 1,
      ...{ root: this.root, uid: this.owner.uid, unit },
      ...{ units: null, timer: null, attempt: null },
    };
  }

  /** Writes a record durably, or removes it where there is nothing to undo. */
  save(record: SystemRecord): void {
    if (!record.units && !record.timer && !record.attempt && !record.supervisorFiles) {
      removeDurably(this.#path);
      return;
    }
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    writeFileDurably(this.#path, recordText(record), 0o600);
  }
}
