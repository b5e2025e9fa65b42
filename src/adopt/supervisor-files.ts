import { accessSync, chownSync, constants, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { withoutSecrets } from '../core/secret-words.js';
import type { Account } from '../host/account.js';
import { userOf } from '../host/process.js';
import { realPath } from '../host/real-path.js';
import { untrustedParent } from '../host/trust.js';
import { lookBefore, undoWritten, writePlanned } from '../host/written.js';
import type { OtherSupervisor } from './other-supervisor.js';
import type { FilesRecord, SupervisorFiles, TextFile } from './supervisor-files-record.js';

const BY_HAND = 'openclaw-releases adopt --dry-run, which prints the lines to change by hand';
const WITH_ROOT = 'sudo openclaw-releases adopt --write, with --root and the root directory of the gateway';

/**
 * Plans the new content of the files that start the gateway. Writes nothing.
 * @param owner user of the gateway, where this process is the superuser's and so are the files: they must say that they
 *   start it as that user, or another program would begin to run as somebody else
 * @throws ReleasesError `supervisor_file` where this user may not replace one of them, or it is no plain text
 */
export function planSupervisorFiles(other: OtherSupervisor, owner?: Account): TextFile[] {
  const { name, gateway, user, changes, additions } = other;
  if (changes.length === 0) {
    const hint = process.getuid?.() === 0 ? BY_HAND : `${BY_HAND}; or ${WITH_ROOT}`;
    throw refuse(`No file was found in which ${name} starts OpenClaw.`, undefined, hint);
  }
  if (userOf(gateway) !== (owner?.uid ?? process.getuid?.()))
    throw refuse(`The gateway, process ${gateway}, runs as another user.`);
  if (owner && user !== owner.name && user !== String(owner.uid)) {
    const says = user === null ? 'does not say as whom' : `says that ${user} is the user as whom`;
    throw refuse(`${changes[0]?.path} ${says} it starts the gateway, which runs as ${owner.name}.`);
  }
  const paths = new Set([...changes, ...additions].map(({ path }) => path));
  return [...paths].flatMap((typed) => {
    const path = realPath(typed);
    const before = textOf(path);
    const edits = changes.filter((change) => change.path === typed);
    const added = additions.find((addition) => addition.path === typed)?.lines ?? [];
    if (edits.length > 0 && before !== null) {
      const { mode } = lstatSync(path);
      return [{ kind: 'file', path, content: edited(before, edits, added), mode: mode & 0o7777 }];
    }
    const content = `${added.join('\n')}\n`;
    if (before === content) return [];
    if (before !== null) throw refuse(`${path} exists already, with other lines.`);
    return [{ kind: 'file', path, content, mode: content.startsWith('#!') ? 0o755 : 0o644 }];
  });
}

/** New settings come before the first changed line: behind it they could part a value that continues. */
function edited(text: string, edits: OtherSupervisor['changes'], added: string[]): string {
  const lines = text.split('\n');
  for (const { path, at, before, after } of edits) {
    if (lines[at] !== before) throw refuse(`${path} was changed meanwhile.`);
    lines[at] = after;
  }
  lines.splice(Math.min(...edits.map(({ at }) => at)), 0, ...added);
  return lines.join('\n');
}

/** Null where nothing is. @throws ReleasesError `supervisor_file` */
function textOf(path: string): string | null {
  const offender = untrustedParent(path, process.getuid?.() ?? 0);
  if (offender) throw refuse(`${offender.path} ${offender.why}.`);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats && (!stats.isFile() || stats.nlink > 1)) throw refuse(`${path} is no plain file with one name.`);
  if (stats && stats.uid !== process.getuid?.())
    throw refuse(`${path} belongs to user ${stats.uid}.`, undefined, stats.uid === 0 ? WITH_ROOT : BY_HAND);
  if (stats && !mayGiveTo(stats.gid))
    throw refuse(`${path} belongs to group ${stats.gid}, and this user does not.`);
  try {
    // The new file takes the place of the old one.
    accessSync(dirname(path), constants.W_OK);
    if (stats) accessSync(path, constants.W_OK);
  } catch (cause) {
    throw refuse(`This user may not write ${path}.`, cause);
  }
  if (!stats) return null;
  const bytes = readPlainFile(path, LARGEST);
  const text = bytes.toString();
  if (!bytes.equals(Buffer.from(text))) throw refuse(`${path} is not UTF-8.`);
  return text;
}

/** The new file gets the group of the old one, and only the superuser may give to any group. */
function mayGiveTo(gid: number): boolean {
  return [process.getegid?.(), ...(process.getgroups?.() ?? [])].includes(gid) || process.getuid?.() === 0;
}

/**
 * Records the files durably, then writes them: `restoreSupervisorFiles` can put them back after a power cut, too.
 * @param owner as `planSupervisorFiles`
 * @throws ReleasesError `supervisor_file`, also where files are changed already for this root
 */
export function writeSupervisorFiles(
  at: FilesRecord,
  other: OtherSupervisor,
  owner?: Account,
): SupervisorFiles {
  const earlier = at.read();
  if (earlier) {
    throw new ReleasesError('supervisor_file', `Files of ${earlier.supervisor} are changed already.`, {
      hint: 'openclaw-releases unadopt',
    });
  }
  const writes = planSupervisorFiles(other, owner);
  const record: SupervisorFiles = {
    schema: 1,
    supervisor: other.name,
    writes,
    commands: other.commands,
    at: new Date().toISOString(),
    ...lookBefore(writes),
  };
  at.save(record);
  try {
    writePlanned(writes);
    for (const { path, before } of record.files)
      if (before.kind === 'file') chownSync(path, before.uid, before.gid);
  } catch (error) {
    undoWritten(record);
    at.save(null);
    throw error;
  }
  return record;
}

/**
 * Puts the files back, byte for byte and with their mode, and removes the record. A file that somebody has brought back
 * by hand stays.
 * @returns the undone record, or null without one
 * @throws ReleasesError `supervisor_file` for a file that was edited since and still has our lines
 */
export function restoreSupervisorFiles(at: FilesRecord): SupervisorFiles | null {
  const record = at.read();
  if (!record) return null;
  const files = record.files.filter(({ path, before }) => {
    const written = record.writes.find((write) => write.path === path)?.content ?? '';
    const then = before.kind === 'file' ? Buffer.from(before.content, 'base64').toString() : null;
    const now = textOf(path);
    if (now === written || now === then) return true;
    const [ours, theirs] = [onlyIn(written, then), onlyIn(then, written)];
    const left = ours.filter((line) => now?.split('\n').includes(line));
    if (left.length > 0) throw wasEdited(path, left, theirs);
    return false;
  });
  undoWritten({ ...record, files });
  at.save(null);
  return record;
}

function onlyIn(text: string | null, other: string | null): string[] {
  const others = other?.split('\n') ?? [];
  return (text?.split('\n') ?? []).filter((line) => line !== '' && !others.includes(line));
}

function wasEdited(path: string, ours: string[], theirs: string[]): ReleasesError {
  const lines = [...ours.map((line) => `- ${line}`), ...theirs.map((line) => `+ ${line}`)];
  const shown = lines.map((line) => withoutSecrets(line.split(' '))).join('\n');
  return new ReleasesError('supervisor_file', `${path} was edited after adopt, so it stays as it is.`, {
    hint: `put these lines back by hand, then openclaw-releases unadopt:\n${shown}`,
  });
}

function refuse(message: string, cause?: unknown, hint = BY_HAND): ReleasesError {
  return new ReleasesError('supervisor_file', message, { hint, cause });
}
