import { chmodSync, constants, copyFileSync, linkSync, lstatSync, rmSync, type Stats } from 'node:fs';
import { systemCode } from '../../core/errors.js';
import type { Share } from '../../store/policy.js';

/** File of a sealed release, open, with the bytes that it was sealed with. */
export interface SealedFile {
  path: string;
  fd: number;
  stats: Stats;
}

/** Errors of a filesystem or of this user: all other files would meet them too. */
const ALWAYS = /^(EOPNOTSUPP|ENOTSUP|ENOSYS|ENOTTY|EXDEV|EINVAL|EPERM|EACCES)$/;

/** Learned from the first file: a failed try leaves a removed file, which ext4 walks past for each new one. */
const possible = { clone: true, link: true };

/**
 * Makes `into` from a sealed file without room for its content: as a clone, which shares its blocks (btrfs, xfs), else as
 * another name of that file.
 * @param mayLink false for a file that something will change
 * @returns false where nothing was made
 * @throws system errors
 */
export function shareFile(file: SealedFile, into: string, share: Share, mayLink: boolean): boolean {
  if (share === 'none') return false;
  if (possible.clone && clone(file, into)) return true;
  if (possible.clone || share === 'reflink') return false;
  return mayLink && possible.link && isAsSealed(file.stats) && link(file, into);
}

/** Mode that npm gives to an unpacked file with the permissions of a sealed one, before the umask. */
export function unpackedMode({ mode }: Stats): number {
  return (mode & 0o777) | 0o666;
}

/** False for a file of another user, a writable file, and other permissions than a new file would get. */
function isAsSealed(stats: Stats): boolean {
  const sealed = unpackedMode(stats) & ~process.umask() & 0o555;
  return stats.uid === process.geteuid?.() && (stats.mode & 0o7777) === sealed;
}

/** Clones the open file, since its name may lead to another one meanwhile. */
function clone({ fd, stats }: SealedFile, into: string): boolean {
  try {
    const how = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;
    copyFileSync(`/proc/self/fd/${fd}`, into, how);
    chmodSync(into, unpackedMode(stats) & ~process.umask());
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (ALWAYS.test(code)) possible.clone = false;
    rmSync(into, { force: true });
    return false;
  }
}

function link({ path, stats }: SealedFile, into: string): boolean {
  try {
    linkSync(path, into);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    // A file has at most 65,000 names on ext4 (EMLINK); the others may have room for one more.
    if (ALWAYS.test(code)) possible.link = false;
    return false;
  }
  const made = lstatSync(into);
  if (made.ino === stats.ino && made.dev === stats.dev) return true;
  // The name leads to another file by now, or an overlay has copied the file for its new name.
  rmSync(into);
  return false;
}
