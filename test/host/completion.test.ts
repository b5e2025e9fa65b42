import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory, writeTree } from '../support/place.js';

const script = (shell: string) =>
  fileURLToPath(new URL(`../../layout/completions/openclaw-releases.${shell}`, import.meta.url));

/** The last word of a line, and what each shell makes of it, sorted. */
const LINES: [string, string[]][] = [
  ['unad', ['unadopt']],
  ['timer e', ['enable', 'explain']],
  ['timer status --js', ['--json']],
  ['update --no-', ['--no-lockfile', '--no-snapshot']],
  ['update --probe b', ['boot']],
  ['update --json --probe v', ['version']],
  ['show 2026.6', ['2026.6.1', '2026.6.5']],
  ['show --root ROOT/other 2026', ['2026.9.2']],
  ['pin cur', ['current']],
  ['lockfile import READ', ['README']],
  ['completion z', ['zsh']],
  ['list 2026', []],
];

function makeRoot(): string {
  const root = writeTree(join(temporaryDirectory('completion'), 'root'), { README: '' });
  for (const id of ['releases/2026.6.1', 'releases/2026.6.5', 'other/releases/2026.9.2'])
    mkdirSync(join(root, id), { recursive: true });
  return root;
}

const SHELLS: Record<string, (root: string, line: string) => Promise<string[]>> = {
  bash: async (root, line) =>
    ask('bash', root, [
      '--norc',
      '-c',
      `source ${script('bash')}
      COMP_WORDS=(openclaw-releases ${line}) COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      _openclaw_releases; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]),
  // A function in the place of zsh's own shows what would be offered; its line editor runs it on a pseudo-terminal.
  zsh: async (root, line) =>
    ask('zsh', root, [
      '-f',
      '-c',
      `zmodload zsh/zpty; zpty shell zsh -f -i; zpty -w shell "
      PS1= PS2= RPS1=; stty -echo; autoload -U compinit; compinit -u -D; source ${script('zsh')}
      zstyle ':completion:*' list-prompt ''; LISTMAX=0
      compadd() { local -a offered; builtin compadd -O offered \\"\\$@\\"; print -rl -- \\$offered >>${join(root, 'offered')}; builtin compadd \\"\\$@\\"; }
      : >${join(root, 'offered')}; print REA''DY"
      zpty -r shell text '*READY*'
      zpty -n -w shell $'openclaw-releases ${line}\\t'
      zpty -n -w shell $'\\x15print DO\\'\\'NE\\n'; zpty -r shell text '*DONE*'
      sort -u ${join(root, 'offered')}`,
    ]),
  fish: async (root, line) =>
    ask('fish', root, [
      '--no-config',
      '-c',
      `source ${script('fish')}; complete -C 'openclaw-releases ${line}'`,
    ]),
};

async function ask(shell: string, root: string, args: string[]): Promise<string[]> {
  const { stdout } = await execa(shell, args, {
    env: { PATH: process.env.PATH ?? '', HOME: root, OPENCLAW_RELEASES_ROOT: root, TERM: 'dumb' },
    extendEnv: false,
    cwd: root,
    timeout: 60_000,
  });
  // fish adds a description.
  return stdout
    .split('\n')
    .map((word) => word.replace(/\t.*/, '').trim())
    .filter((word) => word !== '')
    .sort();
}

describe.each(Object.entries(SHELLS))('%s', (_, complete) => {
  test.each(LINES)('completes "%s" with %j', async (line, words) => {
    const root = makeRoot();
    const inRoot = (text: string) => text.replaceAll('ROOT', root);
    expect(await complete(root, inRoot(line))).toEqual(words.map(inRoot));
  });
});
