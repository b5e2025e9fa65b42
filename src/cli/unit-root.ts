import { defaultUnit, showIfThere } from '../adopt/unit.js';
import { accountOf } from '../host/account.js';
import { defaultRootPath } from '../store/root.js';

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
 * Default root of the user whose unit of the system a command of the superuser means. Null for a unit of the superuser,
 * where there is none, and for a user without an account (`DynamicUser=`): the command itself refuses that unit.
 * @param userOf `User=` of a unit of the system, empty without one
 * @throws ReleasesError `supervisor_failed` when systemd does not answer
 */
export async function findUnitRoot(
  words: string[],
  userOf: (unit: string) => Promise<string> = ofUnit,
): Promise<(ForeignRoot & { user: string }) | null> {
  const unit = unitNameIn(words);
  const user = await userOf(unit);
  if (user === '') return null;
  const account = accountOf(user);
  if (!account || account.uid === 0) return null;
  const { uid, name, home } = account;
  const { OPENCLAW_PROFILE } = process.env;
  return { path: defaultRootPath({ HOME: home, OPENCLAW_PROFILE }), uid, user: name };
}

async function ofUnit(unit: string): Promise<string> {
  return (await showIfThere({ scope: 'system', unit }))?.user ?? '';
}

function optionOf(words: string[], name: string): string | undefined {
  const at = words.findLastIndex((word) => word === name || word.startsWith(`${name}=`));
  const word = words[at];
  return word === name ? words[at + 1] : word?.slice(name.length + 1);
}
