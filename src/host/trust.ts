import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, parse, resolve } from 'node:path';
import { systemCode } from '../core/errors.js';
import { rowsOf, textOf } from './account.js';

/** The kernel's own limit for the links on one path. */
const MOST_LINKS = 40;

/**
 * Finds a directory or link on the way to `path` with which somebody else than `uid` and the superuser could replace
 * the file there. The rule is that of sshd (`StrictModes`): every directory on the way counts. The last part itself
 * and all parts that do not exist are left to the caller.
 * @param path absolute
 * @returns the offender and the reason, or null
 */
export function untrustedParent(path: string, uid: number): { path: string; why: string } | null {
  let names = namesOf(path).slice(0, -1);
  let at = parse(path).root;
  for (let links = 0; ; ) {
    const stats = statsOf(at);
    if (!stats) return null;
    if (stats.uid !== uid && !isSuperuser(stats.uid)) {
      return { path: at, why: `belongs to user ${stats.uid}` };
    }
    if (stats.isSymbolicLink()) {
      if (links++ >= MOST_LINKS) return { path: at, why: 'is one of too many links' };
      names = [...namesOf(resolve(dirname(at), readlinkSync(at))), ...names];
      at = parse(path).root;
      continue;
    }
    const isSticky = (stats.mode & 0o1000) !== 0;
    if (!isSticky && isWritableByOthers(stats) && !isPrivateGroup(stats)) {
      return { path: at, why: `can be written by others (mode ${modeOf(stats)})` };
    }
    const name = names.shift();
    if (name === undefined) return null;
    at = join(at, name);
  }
}

/** @returns null for a path that cannot exist or does not exist yet */
export function statsOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(systemCode(error) ?? '')) return null;
    throw error;
  }
}

export function isWritableByOthers({ mode }: Stats): boolean {
  return (mode & 0o022) !== 0;
}

export function modeOf({ mode }: Stats): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

function namesOf(path: string): string[] {
  return path.split('/').filter(Boolean);
}

/** In a user namespace the superuser's files outside of it have the overflow user (user_namespaces(7)). */
function isSuperuser(uid: number): boolean {
  if (uid === 0) return true;
  const isWholeMachine = /^\s*0\s+0\s+4294967295\s*$/.test(textOf('/proc/self/uid_map'));
  return !isWholeMachine && uid === Number(textOf('/proc/sys/kernel/overflowuid'));
}

/** Many hosts give each user a group of that user alone, and a umask of 002. */
function isPrivateGroup({ uid, gid, mode }: Stats): boolean {
  if ((mode & 0o002) !== 0) return false;
  const accounts = rowsOf(textOf('/etc/passwd'));
  const name = accounts.find(([, , id]) => id === String(uid))?.[0];
  const shared = accounts.some(([, , id, group]) => group === String(gid) && id !== String(uid));
  const members = rowsOf(textOf('/etc/group')).find(([, , id]) => id === String(gid))?.[3];
  return !shared && members !== undefined && (members === '' || members === name);
}
