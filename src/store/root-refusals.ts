import { dirname } from 'node:path';
import { ReleasesError, systemCode } from '../core/errors.js';
import { shellWord } from '../core/shell-word.js';

/** Answers of the kernel to a path that no directory can have. */
const NO_DIRECTORY = new Set(['ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

export function unwritable(path: string, cause: unknown): ReleasesError {
  const code = systemCode(cause);
  if (code && NO_DIRECTORY.has(code)) return invalid(path);
  const why = code === 'EROFS' ? 'its filesystem is read-only' : code;
  return new ReleasesError('root_unwritable', `${path} cannot be written (${why}).`, {
    hint: code === 'EROFS' ? 'findmnt -O ro' : `ls -ld ${shellWord(path)} ${shellWord(dirname(path))}`,
    cause,
  });
}

export function invalid(path: string): ReleasesError {
  return new ReleasesError('root_invalid', `${path} is not a directory.`, {
    hint: 'Name another one with --root or OPENCLAW_RELEASES_ROOT.',
  });
}

export function unnameable(path: string): ReleasesError {
  const message = `${JSON.stringify(path)} has a control character, or bytes that are no UTF-8.`;
  return new ReleasesError('root_invalid', message, {
    hint: 'Name another directory with --root or OPENCLAW_RELEASES_ROOT.',
  });
}

export function untrusted(path: string, why: string): ReleasesError {
  const hint = why.startsWith('can be written')
    ? `chmod go-w ${shellWord(path)}`
    : `ls -ld ${shellWord(path)}, then a directory of your own with --root or OPENCLAW_RELEASES_ROOT`;
  return new ReleasesError('root_invalid', `${path} ${why}, so others could replace releases.`, {
    hint,
  });
}

/** Pruning and recovery would remove what lies behind a link. */
export function linked(path: string): ReleasesError {
  return new ReleasesError('root_invalid', `${path} is a link; a root and its directories are never links.`, {
    hint: `ls -ld ${shellWord(path)}, then the real directory of the root with --root or OPENCLAW_RELEASES_ROOT`,
  });
}

export function notOwned(path: string, owner: number, uid: number): ReleasesError {
  return new ReleasesError('root_not_owned', `${path} belongs to user ${owner}, not to you (${uid}).`, {
    hint: `sudo -u '#${owner}' openclaw-releases --root ${shellWord(path)} status`,
  });
}
