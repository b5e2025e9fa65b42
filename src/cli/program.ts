import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT, ReleasesError } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
import { ALIASES, GROUPS } from './command-names.js';
import { failWith } from './output.js';
import { print } from './write.js';

/** Loaders by command name. Each command loads alone, because loading is most of the cost of a start. */
export type Commands = Record<string, () => Promise<Command>>;

const EXIT_CODES = `
Exit codes:
  ${EXIT.success}  done, and verified where there was something to verify
  ${EXIT.internal}  a defect of this program
  ${EXIT.usage}  the command line was wrong; nothing was tried
  ${EXIT.refused}  refused; nothing changed
  ${EXIT.failed}  failed before the switch; nothing that runs changed
  ${EXIT.rolledBack}  the new release failed or was cancelled; the one from before runs again
  ${EXIT.rollbackFailed}  the rollback failed too: act now
  ${EXIT.damaged}  something that is kept is not as it was: found by verify, scrub or doctor, or
     refused by a command that needs it
 ${EXIT.available}  check found a newer release`;

/** Loads only the command that is named. Any other word loads all of them, because help lists them. */
async function program(name: string, commands: Commands, hiddenCommands: Commands): Promise<Command> {
  const { version } = JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as {
    version: string;
  };
  const root = new Command('openclaw-releases')
    .description('Immutable side-by-side releases for the OpenClaw gateway.')
    .version(version, '-v, --version')
    .addHelpText('after', EXIT_CODES);
  const { [name]: hidden } = hiddenCommands;
  const { [name]: one } = commands;
  const wanted = one
    ? [one]
    : Object.keys(commands)
        .sort(byGroup)
        .flatMap((each) => commands[each] ?? []);
  for (const make of wanted) root.addCommand(withAliases(inGroup(await make())));
  if (hidden) root.addCommand(await hidden(), { hidden: true });
  // Commander would print and exit on its own; our usage errors also have a JSON form.
  for (const command of [root, ...root.commands, ...root.commands.flatMap((one) => one.commands)])
    command.exitOverride().configureOutput({ writeOut: print, writeErr: () => {} });
  return root;
}

/** Groups and their commands as `GROUPS` has them; all others come last. */
function byGroup(one: string, other: string): number {
  const order = Object.values(GROUPS).flat();
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return place(one) - place(other);
}

function inGroup(command: Command): Command {
  const [heading] = Object.entries(GROUPS).find(([, names]) => names.includes(command.name())) ?? [];
  return heading === undefined ? command : command.helpGroup(heading);
}

function withAliases(command: Command): Command {
  const own = Object.keys(ALIASES).filter((alias) => ALIASES[alias] === command.name());
  return command.aliases(own);
}

/**
 * Reads an alias as its command, `help NAME` as `NAME --help`, and drops what follows an unknown name: commander would
 * answer both with all of the help.
 */
function asked([first = '', ...more]: string[], known: Commands): string[] {
  const [typed = '', ...rest] = first === 'help' && more.length > 0 ? [...more, '--help'] : [first, ...more];
  const name = (Object.hasOwn(ALIASES, typed) && ALIASES[typed]) || typed;
  return name in known || name === 'help' || name.startsWith('-') || name === '' ? [name, ...rest] : [name];
}

export async function runProgram(argv: string[], commands: Commands, hidden: Commands = {}): Promise<void> {
  let root: Command | null = null;
  try {
    const words = asked(argv.slice(2), { ...commands, ...hidden });
    root = await program(words[0] ?? '', commands, hidden);
    await root.parseAsync(
      words.filter((word, at) => at > 0 || word !== ''),
      { from: 'user' },
    );
  } catch (error) {
    const failure =
      root && error instanceof CommanderError ? usageError(error, commandOf(argv, root)) : error;
    if (failure === null) return;
    failWith(failure, argv.includes('--json'));
  }
}

function commandOf(argv: string[], root: Command): Command {
  let named = root;
  for (const word of argv.slice(2)) {
    const next = named.commands.find((one) => one.name() === word);
    if (!next) break;
    named = next;
  }
  return named;
}

/** Returns null when commander reports help or the version: neither is an error. */
function usageError(error: CommanderError, named: Command): ReleasesError | null {
  if (error.exitCode === 0) return null;
  if (error.code === 'commander.help') {
    named.outputHelp();
    return null;
  }
  const sentence = error.message
    .replace(/^error: /, '')
    .replace('\n', ' ')
    .replace(/^option '(.*)' argument ('.*') is invalid\./, '$2 does not fit $1:')
    .replace(/^command-argument value ('.*') is invalid for argument '(.*)'\./, '$1 does not fit <$2>:')
    .replace(/\.?$/, '.');
  return new ReleasesError('usage', sentence, {
    hint: `${wholeName(named)} --help`,
  });
}

function wholeName(command: Command): string {
  return command.parent ? `${wholeName(command.parent)} ${command.name()}` : command.name();
}
