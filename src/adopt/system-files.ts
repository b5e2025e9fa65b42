import type { Account } from '../host/account.js';
import type { FilesRequest, PrivilegedRequest } from '../host/systemd/privileged.js';
import { findOtherSupervisors, onlySupervisor } from './other-supervisor.js';
import { planSupervisorFiles, restoreSupervisorFiles, writeSupervisorFiles } from './supervisor-files.js';
import { type FilesRecord, filesChangeOf } from './supervisor-files-record.js';
import { otherSupervisorLines, shownSupervisor } from './supervisor-text.js';

export function isAboutFiles(request: PrivilegedRequest): request is FilesRequest {
  return ['plan-files', 'write-files', 'find-files', 'restore-files'].includes(request.does);
}

export function changesFiles({ does }: FilesRequest): boolean {
  return does === 'write-files' || does === 'restore-files';
}

/**
 * Plans, writes, finds or restores the files of the superuser's supervisor for the owner of a root, as `SystemUnits` does
 * with units. They start this program as the owner, where they have started OpenClaw so. No answer has their content.
 * @throws ReleasesError `supervisor_file`, `supervisor_not_found`, `root_invalid`
 */
export function answerAboutFiles({ does }: FilesRequest, at: FilesRecord, owner: Account): object | null {
  if (does === 'find-files' || does === 'restore-files') {
    const found = does === 'find-files' ? at.read() : restoreSupervisorFiles(at);
    return found && filesChangeOf(found);
  }
  const other = onlySupervisor(findOtherSupervisors(process.env, owner));
  if (does === 'write-files') {
    const written = writeSupervisorFiles(at, other, owner);
    return { ...filesChangeOf(written), lines: otherSupervisorLines(other) };
  }
  planSupervisorFiles(other, owner);
  return shownSupervisor(other);
}
