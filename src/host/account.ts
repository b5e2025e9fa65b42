import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ifPossible } from '../core/if-possible.js';

export interface Account {
  uid: number;
  /** The user's own group: a directory can have a group without this user. */
  gid: number;
  name: string;
  home: string;
}

const TIMEOUT_MS = 10_000;

/** @returns null for a number or a name without an account */
export function accountOf(user: number | string): Account | null {
  const word = String(user);
  return find(word, textOf('/etc/passwd')) ?? find(word, askDirectory(word));
}

function find(user: string, text: string): Account | null {
  const isNumber = /^\d+$/.test(user);
  for (const [name = '', , id = '', gid = '', , home = '/'] of rowsOf(text)) {
    if ((isNumber ? id : name) === user && /^\d+$/.test(id) && /^\d+$/.test(gid))
      return { uid: Number(id), gid: Number(gid), name, home };
  }
  return null;
}

/** Accounts of LDAP and the like are not in the file. */
function askDirectory(user: string): string {
  const asked = spawnSync('getent', ['passwd', user], { encoding: 'utf8', timeout: TIMEOUT_MS });
  return asked.status === 0 ? asked.stdout : '';
}

/** Fields of each line, as in passwd(5) and group(5). */
export function rowsOf(text: string): string[][] {
  return text.split('\n').map((line) => line.split(':'));
}

/** Text of a file of the system, empty where it cannot be read. */
export function textOf(path: string): string {
  return ifPossible(() => readFileSync(path, 'utf8')) ?? '';
}
