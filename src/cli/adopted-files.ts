import { findOtherSupervisors, type OtherSupervisor, onlySupervisor } from '../adopt/other-supervisor.js';
import { restoreSupervisorFiles, writeSupervisorFiles } from '../adopt/supervisor-files.js';
import { type FilesChange, filesChangeOf, filesRecordIn } from '../adopt/supervisor-files-record.js';
import { otherSupervisorLines } from '../adopt/supervisor-text.js';
import { exclusive } from '../change/exclusive.js';
import { ReleasesError } from '../core/errors.js';
import { userOf } from '../host/process.js';
import { askPrivileged, type FilesRequest, hasPrivilegedParent } from '../host/systemd/privileged.js';
import { releaseDirectory } from '../store/manifest.js';
import { resolveReleaseName } from '../views/release.js';
import { acting } from './command.js';
import type { CommonOptions } from './session.js';

/** Changes the files of another supervisor. The operator has it read them, because that restarts the gateway. */
export const adoptFiles = acting(async ({ environment }, _: CommonOptions) => {
  const { root } = environment;
  releaseDirectory(root, resolveReleaseName(root, 'current'));
  const written = await exclusive(environment, { doing: 'adopt --write', recover: false }, () =>
    write(root.path),
  );
  const { lines, ...document } = written;
  return {
    document,
    text: () => ['Wrote these lines. Next, type the commands below them.', ...lines].join('\n'),
  };
});

async function write(root: string): Promise<FilesChange & { lines: string[] }> {
  try {
    const other = onlySupervisor(ownSupervisors());
    const record = writeSupervisorFiles(filesRecordIn(root), other);
    return { ...filesChangeOf(record), lines: otherSupervisorLines(other) };
  } catch (error) {
    if (!isForSuperuser(error)) throw error;
    return ofSuperuser('write-files');
  }
}

/** Plan of the superuser's process for files that this user may not change. */
export function planOfSuperuser(): Promise<OtherSupervisor> {
  return ofSuperuser('plan-files');
}

/** Files that are changed for a root, by its owner or the superuser; null when none. */
export async function findAdoptedFiles(root: string): Promise<FilesChange | null> {
  const record = filesRecordIn(root).read();
  if (record) return filesChangeOf(record);
  return hasPrivilegedParent() ? ofSuperuser('find-files') : null;
}

/** Puts the files back that `adoptFiles` changed. */
export const leaveFiles = acting(async ({ environment }, _: CommonOptions) => {
  const { path } = environment.root;
  const left = await exclusive(environment, { doing: 'unadopt', recover: false }, async () => {
    const restored = restoreSupervisorFiles(filesRecordIn(path));
    if (restored) return filesChangeOf(restored);
    return hasPrivilegedParent() ? ofSuperuser<FilesChange | null>('restore-files') : null;
  });
  if (!left)
    throw new ReleasesError('supervisor_file', 'Another command has put these files back.', {
      hint: 'openclaw-releases status',
    });
  const words = 'These files are as they were. Next, type the commands below them.';
  return {
    document: left,
    text: () => [words, '', ...left.files, '', ...left.commands].join('\n'),
  };
});

/** Files of the superuser are for that user's process to change. */
function isForSuperuser(error: unknown): boolean {
  return hasPrivilegedParent() && error instanceof ReleasesError && error.code === 'supervisor_file';
}

async function ofSuperuser<T>(does: FilesRequest['does']): Promise<T> {
  return JSON.parse((await askPrivileged({ does })).stdout);
}

/** The superuser sees the gateways of all users. */
function ownSupervisors(): OtherSupervisor[] {
  const found = findOtherSupervisors();
  const own = found.filter(({ gateway }) => userOf(gateway) === process.getuid?.());
  return own.length > 0 ? own : found;
}
