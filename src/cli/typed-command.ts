import { ifPossible } from '../core/if-possible.js';
import { shellWord } from '../core/shell-word.js';
import { realPlace } from '../host/real-path.js';
import { hasPrivilegedParent } from '../host/systemd/privileged.js';
import { defaultRootPath, type Root } from '../store/root.js';
import { ALIASES, GROUPS } from './command-names.js';

const NAMES = [...Object.values(GROUPS).flat(), ...Object.keys(ALIASES)].join('|');

/** A command to type that names no root. A sentence about `run` is none, nor is a command for another host. */
const TO_TYPE = new RegExp(
  `(?<![\\w/.-])(?<!another host: )(sudo )?openclaw-releases (?=(?:${NAMES})(?![\\w-]))(?!run [a-z])(?![^,;\\n]* --root\\b)(?=([^,;\\n]*))`,
  'g',
);

let meantRoot: Root | null = null;

/** Sets the root that the commands of a text are about. */
export function nameRoot(root: Root): void {
  meantRoot = root;
}

/** Text whose commands, typed by its reader, are about the root of this process, and with its reader's rights. */
export function asTyped(text: string): string {
  if (meantRoot === null || !text.includes('openclaw-releases ')) return text;
  const isForSuperuser = hasPrivilegedParent();
  const { path } = meantRoot;
  const isOwn = !isForSuperuser && path === ownRoot(process.env);
  // The superuser finds the root of a unit's user by the unit alone, where no variable has moved it.
  const isFoundByUnit = !isForSuperuser && path === ownRoot({ ...process.env, XDG_DATA_HOME: '' });
  const root = `--root ${shellWord(meantRoot.typed)} `;
  return text.replace(TO_TYPE, (_, sudo, words) => {
    const isFound = sudo ? isFoundByUnit && words.includes('--system') : isOwn;
    return `${isForSuperuser || sudo ? 'sudo ' : ''}openclaw-releases ${isFound ? '' : root}`;
  });
}

/** For `JSON.stringify`: the hints and the next commands of a document, as they are typed. */
export function withTyped(key: string, value: unknown): unknown {
  if (key !== 'hint' && key !== 'next') return value;
  const typed = (one: unknown) => (typeof one === 'string' ? asTyped(one) : one);
  return Array.isArray(value) ? value.map(typed) : typed(value);
}

/** The root that this user means without naming one, in a shell that lacks the variables of this process. */
function ownRoot(env: NodeJS.ProcessEnv): string | undefined {
  return ifPossible(() => realPlace(defaultRootPath({ ...env, OPENCLAW_RELEASES_ROOT: '' })));
}
