import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT, ReleasesError } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
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
    const failure = error instanceof CommanderError ? usageError(error, commandOf(argv, root)) : error;
    if (failure === null) return;
    failWith(failure, argv.includes('--json'));
  }
}

/** The command that a command line names, as far as there is one of that name. */
function commandOf(argv: string[], root: Command): Command {
  let named = root;
  for (const word of argv.slice(2)) {
    const next = named.commands.find((one) => one.name() === word);
    if (!next) break;
    named = next;
  }
  return named;
}

/** Null where commander only reports that it has shown, or is to show, the help or the version. */
function usageError(error: CommanderError, named: Command): ReleasesError | null {
  if (error.exitCode === 0) return null;
  if (error.code === 'commander.help') {
    named.outputHelp();
    return null;
  }
  const sentence = error.message
    .replace(/^error: /, '')
    .replace('\n', ' ')
    .replace(/\.?$/, '.');
  return new ReleasesError('usage', sentence, {
    hint: `${wholeName(named)} --help`,
    untouched: 'Nothing was tried.',
  });
}

function wholeName(command: Command): string {
  return command.parent ? `${wholeName(command.parent)} ${command.name()}` : command.name();
}
