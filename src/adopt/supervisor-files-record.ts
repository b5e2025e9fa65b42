import { join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { readRecord, recordText } from '../core/record.js';
import type { Moment } from '../core/scalars.js';
import { shellWord } from '../core/shell-word.js';
import { removeDurably, writeFileDurably } from '../host/durable.js';
import type { PlannedFile, Written } from '../host/written.js';

export type TextFile = Extract<PlannedFile, { kind: 'file' }>;

/** `adopted-files.json`: files of a supervisor other than systemd that start `run`, and their content before. */
export interface SupervisorFiles extends Written {
  schema: 1;
  /** Name of the supervisor. */
  supervisor: string;
  writes: TextFile[];
  /** Commands that make the supervisor read them. */
  commands: string[];
  at: Moment;
}

/** The change of the files, without their content. */
export interface FilesChange {
  supervisor: string;
  files: string[];
  commands: string[];
}

export function filesChangeOf({ supervisor, writes, commands }: SupervisorFiles): FilesChange {
  return { supervisor, files: writes.map(({ path }) => path), commands };
}

/** Place of the record: the root, or that of the superuser, who writes for the owner of a root. */
export interface FilesRecord {
  read(): SupervisorFiles | null;
  /** Durable; null removes it. */
  save(files: SupervisorFiles | null): void;
}

export function filesRecordIn(root: string): FilesRecord {
  const path = join(root, 'adopted-files.json');
  return {
    /** @throws ReleasesError `root_invalid` for a corrupt record */
    read() {
      const found = readRecord<SupervisorFiles>(path, 'adopted-files');
      if (found.state === 'ok') return found.value;
      if (found.state === 'missing') return null;
      const message = `${path} ${found.why}; it has the supervisor's files of before.`;
      throw new ReleasesError('root_invalid', message, {
        hint: `mv ${shellWord(path)} ${shellWord(`${path}.corrupt`)}, and change the supervisor's files by hand`,
      });
    },
    save(files) {
      if (files) writeFileDurably(path, recordText(files), 0o600);
      else removeDurably(path);
    },
  };
}
