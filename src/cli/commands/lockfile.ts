import { Command } from 'commander';
import { exclusive } from '../../change/exclusive.js';
import { readPlainFile, UnusableFile, whyUnusable } from '../../core/bounded-file.js';
import { ReleasesError } from '../../core/errors.js';
import { type Imported, importLockfile } from '../../install/import-lockfile.js';
import { LOCKFILE_LIMIT } from '../../install/lockfile.js';
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
        const text = await readText(lockfile);
        const imported = await exclusive(
          environment,
          { doing: `lockfile import ${source}`, recover: false },
          () => importLockfile(environment.root, text, source),
        );
        output.answer({ ok: true, ...imported }, () => importText(imported));
        return 0;
      }),
    );
}

async function readText(lockfile: string): Promise<string> {
  try {
    const bytes =
      lockfile === '-'
        ? await readStandardInput()
        : readPlainFile(lockfile, LOCKFILE_LIMIT, { follow: true });
    return bytes.toString('utf8');
  } catch (cause) {
    const [named, hint] =
      lockfile === '-'
        ? ['Standard input', "Give it a release's package-lock.json."]
        : [lockfile, `ls -l ${lockfile}`];
    throw new ReleasesError('usage', `${named} ${whyUnusable(cause)}.`, { hint, cause });
  }
}

async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LOCKFILE_LIMIT) throw new UnusableFile('', `is larger than ${LOCKFILE_LIMIT} bytes`);
  }
  return Buffer.concat(chunks);
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
