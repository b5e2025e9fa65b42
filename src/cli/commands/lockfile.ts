import { Command } from 'commander';
import { exclusive } from '../../change/exclusive.js';
import { readPlainFile, whyUnusable } from '../../core/bounded-file.js';
import { ReleasesError } from '../../core/errors.js';
import { shellWord } from '../../core/shell-word.js';
import { type Imported, importLockfile } from '../../install/import-lockfile.js';
import { LOCKFILE_LIMIT } from '../../install/lockfile.js';
import { command, readInput } from '../command.js';

export const lockfileCommand = () =>
  new Command('lockfile').description('lockfiles of releases: import').addCommand(importCommand());

const importCommand = () =>
  command(
    'lockfile import',
    'take the lockfile of a release that another host has staged: that version is installed just so from now on',
    'openclaw-releases lockfile import package-lock.json',
  )
    .argument('<lockfile>', "a release's package-lock.json, or - for standard input")
    .acts(async ({ environment }, lockfile: string) => {
      const source = lockfile === '-' ? 'What came on standard input' : lockfile;
      const text = lockfile === '-' ? await readStandardInput() : readFile(lockfile);
      const doing = `lockfile import ${source}`;
      const imported = await exclusive(environment, { doing, recover: false }, () =>
        importLockfile(environment.root, text, source),
      );
      return { document: imported, text: () => importText(imported) };
    });

function readFile(path: string): string {
  try {
    return readPlainFile(path, LOCKFILE_LIMIT, { follow: true }).toString();
  } catch (cause) {
    throw new ReleasesError('usage', `${path} ${whyUnusable(cause)}.`, {
      hint: `ls -l ${shellWord(path)}`,
      cause,
    });
  }
}

async function readStandardInput(): Promise<string> {
  const input = await readInput(LOCKFILE_LIMIT);
  if (input) return input.toString();
  throw new ReleasesError('usage', `Standard input is larger than ${LOCKFILE_LIMIT} bytes.`, {
    hint: "Give it a release's package-lock.json.",
  });
}

const STAGED: Record<Imported['staged'], (imported: Imported) => string> = {
  no: ({ version }) => `Next: openclaw-releases stage ${version}`,
  same: ({ version }) => `${version} is staged here from the same lockfile already.`,
  other: ({ version }) => `${version} is staged here already, from another lockfile, and stays as it is.`,
};

function importText(imported: Imported): string {
  const { version, packages, path } = imported;
  return `${version} is installed as ${path} lists from now on: ${packages} packages.\n${STAGED[imported.staged](imported)}`;
}
