import { join } from 'node:path';
import { rootOfUnit } from '../adopt/system-unit-record.js';
import { defaultUnit } from '../adopt/unit.js';
import { profileOf, profileSuffix } from '../core/profile.js';
import { accountOf } from '../host/account.js';
import { showUnit } from '../host/systemd/unit.js';

/** A root of another user, for which the superuser's command runs as that user. */
export interface ForeignRoot {
  path: string;
  uid: number;
}

/** Full name of the unit that a command line means. */
export function unitNameIn(words: string[]): string {
  const name = optionOf(words, '--unit') ?? defaultUnit();
  return /\.\w+$/.test(name) ? name : `${name}.service`;
}

/**
 * Root of the user whose unit of the system a command of the superuser means: its record of the unit names it, else the
 * default root of the unit's user counts. Null for a unit of the superuser, and where there is none.
 * @param records absolute directory of the superuser's records
 * @param userOf `User=` of a unit of the system, empty without one
 */
export async function findUnitRoot(
  words: string[],
  records?: string,
  userOf: (unit: string) => Promise<string> = ofUnit,
): Promise<ForeignRoot | null> {
  const unit = unitNameIn(words);
  const adopted = rootOfUnit(unit, records);
  if (adopted) return adopted;
  const user = await userOf(unit).catch(() => '');
  const account = user === '' ? null : accountOf(user);
  if (!account || account.uid === 0) return null;
  const name = `openclaw-releases${profileSuffix(profileOf(process.env))}`;
  return { path: join(account.home, '.local/share', name), uid: account.uid };
}

async function ofUnit(unit: string): Promise<string> {
  return (await showUnit({ scope: 'system', unit })).user;
}

function optionOf(words: string[], name: string): string | undefined {
  const at = words.findLastIndex((word) => word === name || word.startsWith(`${name}=`));
  const word = words[at];
  return word === name ? words[at + 1] : word?.slice(name.length + 1);
}
