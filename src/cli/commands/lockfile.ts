import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { whileLocked } from '../../change/exclusive.js';
import { ReleasesError, systemCode } from '../../core/errors.js';
import { type Imported, importLockfile } from '../../install/import-lockfile.js';
import { command } from '../command.js';
import { type CommonOptions, inSession } from '../session.js';

export function lockfileCommand(): Command {
  return new Command('lockfile').description('lockfiles of releases: import').addCommand(importCommand());
}

function importCommand(): Command {
  return command(
    'import',
    'take the lockfile of a release that another host has staged: that version is installed just so from now on',
    'openclaw-releases lockfile import package-lock.json',
  )
    .argument('<lockfile>', "a release's package-lock.json, or - for standard input")
    .action((lockfile: string, options: CommonOptions) =>
      inSession(options, async ({ environment, output }) => {
        const source = lockfile === '-' ? 'What came on standard input' : lockfile;
        const text = readText(lockfile);
        const imported = await whileLocked(environment.root, `lockfile import ${source}`, () =>
          importLockfile(environment.root, text, source),
        );
        output.answer({ ok: true, ...imported }, () => importText(imported));
        return 0;
      }),
    );
}

function readText(lockfile: string): string {
  try {
    return readFileSync(lockfile === '-' ? 0 : lockfile, 'utf8');
  } catch (cause) {
    throw new ReleasesError('usage', `${lockfile} cannot be read (${systemCode(cause)}).`, {
      hint: `ls -l ${lockfile}`,
      cause,
    });
  }
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
