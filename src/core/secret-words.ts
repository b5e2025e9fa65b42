import { withoutCredentials } from './address.js';

/** Names of variables, options and settings whose values are secret. */
export const SECRET_NAME =
  /TOKEN|SECRET|PASSWORD|PASSPHRASE|PASSWD|KEY|CREDENTIAL|COOKIE|AUTH|BEARER|PRIVATE/i;

const OPTION = /^--?[\w-]+$/;
const ASSIGNMENT = /^(["']?-{0,2}[\w-]+=)./s;
const WITHIN = /((?:^|(?<=[\s"']))(?:--?[\w-]+(?:=|\s+)|\w+=))(?!-)("[^"]*"|'[^']*'|[^\s"']+)/g;

/** Joins the words of a command line for people to read, without values that are secret by their names. */
export function withoutSecrets(words: readonly string[]): string {
  const shown = words.map((word, at) => {
    const before = words[at - 1] ?? '';
    if (OPTION.test(before) && SECRET_NAME.test(before) && !word.startsWith('-')) return '…';
    const name = ASSIGNMENT.exec(word)?.[1];
    if (name && SECRET_NAME.test(name)) return `${name}…${/^["']/.exec(name) ?? ''}`;
    // Text for a shell.
    return /\s/.test(word)
      ? word.replace(WITHIN, (all, name: string) => (SECRET_NAME.test(name) ? `${name}…` : all))
      : word;
  });
  return withoutCredentials(shown.join(' '));
}
