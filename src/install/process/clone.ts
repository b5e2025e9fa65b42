import { chmodSync, constants, copyFileSync, rmSync, type Stats } from 'node:fs';
import { systemCode } from '../../core/errors.js';

/** File of a sealed release, open, with the bytes that it was sealed with. */
export interface SealedFile {
  path: string;
  fd: number;
  stats: Stats;
}

/** Errors of a filesystem or of this user: all other files would meet them too. */
export const ALWAYS = /^(EOPNOTSUPP|ENOTSUP|ENOSYS|ENOTTY|EXDEV|EINVAL|EPERM|EACCES)$/;

/** Learned from the first file: a failed try leaves a removed file, which ext4 walks past for each new one. */
let isPossible = true;

/** Mode that npm gives to an unpacked file with the permissions of a sealed one, before the umask. */
export function unpackedMode({ mode }: Stats): number {
  return (mode & 0o777) | 0o666;
}

/**
 * Makes `into` as a clone of a sealed file, which shares its blocks (btrfs, xfs). Clones the open file, since its name may lead
 * to another one meanwhile.
 * @returns false where nothing was made
 * @throws errors that are not of the system
 */
export function clone({ fd, stats }: SealedFile, into: string): boolean {
  if (!isPossible) return false;
  try {
    const how = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;
    copyFileSync(`/proc/self/fd/${fd}`, into, how);
    chmodSync(into, unpackedMode(stats) & ~process.umask());
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (ALWAYS.test(code)) isPossible = false;
    rmSync(into, { force: true });
    return false;
  }
}
