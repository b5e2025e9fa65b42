import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT, ReleasesError } from '../errors.js';
import { ownFile } from '../own-files.js';
import { failWith } from './output.js';

/** By name, loaded one by one: what a command needs is most of what its start costs. */
export type Commands = Record<string, () => Promise<Command>>;

const EXIT_CODES = `
Exit codes:
  ${EXIT.success}  done, and verified where there was something to verify
  ${EXIT.internal}  a defect of this program
  ${EXIT.usage}  the command line was wrong; nothing was tried
  ${EXIT.refused}  refused; nothing changed
  ${EXIT.failed}  failed before the switch; nothing that runs changed
  ${EXIT.rolledBack}  the new release failed; the one from before runs again
  ${EXIT.rollbackFailed}  going back failed too: look at it now
  ${EXIT.damaged}  verify found files that differ from what was sealed`;

/** With the one command that is named, or with all of them: for help, and for what is none. */
async function program(name: string, commands: Commands, hiddenCommands: Commands): Promise<Command> {
  const { version } = JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as {
    version: string;
  };
  const root = new Command('openclaw-releases')
    .description('Immutable side-by-side releases for the OpenClaw gateway.')
    .version(version)
    .addHelpText('after', EXIT_CODES);
  const { [name]: hidden } = hiddenCommands;
  const { [name]: one } = commands;
  const wanted = one ? [one] : Object.values(commands);
  for (const make of wanted) root.addCommand(await make());
  if (hidden) root.addCommand(await hidden(), { hidden: true });
  // Commander would print and exit by itself; a usage error is one of ours, in JSON too.
  for (const command of [root, ...root.commands, ...root.commands.flatMap((one) => one.commands)])
    command.exitOverride().configureOutput({ writeErr: () => {} });
  return root;
}

/**
 * Does what the command line says, and sets the exit code.
 * @param hidden commands that help does not show
 */
export async function runProgram(argv: string[], commands: Commands, hidden: Commands = {}): Promise<void> {
  const root = await program(argv[2] ?? '', commands, hidden);
  try {
    await root.parseAsync(argv);
  } catch (error) {
    const failure = error instanceof CommanderError ? usageError(error, root) : error;
    if (failure === null) return;
    failWith(failure, argv.includes('--json'));
  }
}

/** Null where commander only reports that it has shown, or is to show, the help or the version. */
function usageError(error: CommanderError, root: Command): ReleasesError | null {
  if (error.exitCode === 0) return null;
  if (error.code === 'commander.help') {
    root.outputHelp();
    return null;
  }
  const message = error.message.replace(/^error: /, '').replace(/\.?$/, '.');
  return new ReleasesError('usage', message, {
    hint: 'openclaw-releases --help',
    untouched: 'Nothing was tried.',
  });
}
