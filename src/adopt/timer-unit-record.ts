import { join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { readRecord, recordText } from '../core/record.js';
import type { Moment, ServiceName } from '../core/scalars.js';
import { shellWord } from '../core/shell-word.js';
import { removeDurably, writeFileDurably } from '../host/durable.js';
import { lookBefore, type PlannedFile, undoWritten, type Written, writePlanned } from '../host/written.js';

export interface SystemdHost {
  kind: 'systemd';
  scope: 'user' | 'system';
  service: ServiceName;
}

export type Host = SystemdHost | { kind: 'builtin' };

/** `timer.json`: present while the timer is enabled; holds what `timer disable` undoes. */
export interface TimerRecord extends Written {
  schema: 1;
  host: Host;
  /** Replaces npm's configured registry; null keeps that one. */
  registry: string | null;
  at: Moment;
}

const pathOf = (root: string) => join(root, 'timer.json');

/**
 * Reads the record; null while the timer is disabled.
 * @throws ReleasesError `root_invalid` for a corrupt record
 */
export function readTimer(root: string): TimerRecord | null {
  const path = pathOf(root);
  const found = readRecord<TimerRecord>(path, 'timer');
  if (found.state === 'ok') return found.value;
  if (found.state === 'missing') return null;
  throw new ReleasesError(
    'root_invalid',
    `${path} ${found.why}, so it does not say what the timer has written.`,
    {
      hint: `rm ${shellWord(path)}, then openclaw-releases timer enable, which writes the same again`,
    },
  );
}

/** Records the earlier files, then writes the units; repeatable. The caller runs `daemon-reload` afterwards. */
export function applyTimer(
  root: string,
  host: Host,
  writes: PlannedFile[],
  { registry = null, at = new Date() }: { registry?: string | null; at?: Date } = {},
): TimerRecord {
  const earlier = readTimer(root);
  const record: TimerRecord = {
    schema: 1,
    host,
    registry,
    at: earlier?.at ?? at.toISOString(),
    ...lookBefore(writes, earlier ?? undefined),
  };
  writeFileDurably(pathOf(root), recordText(record), 0o600);
  writePlanned(writes);
  return record;
}

/** Puts the earlier files back, byte for byte, and removes the record. Idempotent. */
export function undoTimer(root: string): TimerRecord | null {
  const record = readTimer(root);
  if (!record) return null;
  undoWritten(record);
  removeDurably(pathOf(root));
  return record;
}
