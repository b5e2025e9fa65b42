import { Command, type Option } from 'commander';
import { COMMANDS } from '../../src/cli/commands.js';

export const PROGRAM = 'openclaw-releases';

/** A command of the help, read from commander. */
export interface CommandNode {
  /** Words after the program's name; none for the program itself. */
  path: string[];
  description: string;
  aliases: string[];
  usage: string;
  arguments: ArgumentNode[];
  options: OptionNode[];
  example: string | null;
  commands: CommandNode[];
}

export interface ArgumentNode {
  name: string;
  description: string;
  required: boolean;
  variadic: boolean;
  choices: string[];
}

export interface OptionNode {
  flags: string;
  /** Every spelling: `-h`, `--help`. */
  names: string[];
  long: string;
  /** Name of its value; null for a switch. */
  value: string | null;
  choices: string[];
  description: string;
}

/** Reads the whole tree; commands that the help hides are not in it. */
export async function commandTree(): Promise<CommandNode> {
  const program = new Command(PROGRAM).description(
    'Immutable side-by-side releases for the OpenClaw gateway.',
  );
  for (const load of Object.values(COMMANDS)) program.addCommand(await load());
  return commandNode(program, []);
}

/** All commands with an action of their own, in the order of the help. */
export function leaves(node: CommandNode): CommandNode[] {
  return node.commands.length > 0 ? node.commands.flatMap(leaves) : [node];
}

/** Options that nearly every command has; the documents list them once. */
export const isCommon = ({ long }: OptionNode) => ['--root', '--json', '--color'].includes(long);

export function commandNode(command: Command, path: string[]): CommandNode {
  return {
    path,
    description: command.description(),
    aliases: command.aliases(),
    usage: command.usage(),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
      required: argument.required,
      variadic: argument.variadic,
      choices: argument.argChoices ?? [],
    })),
    options: command.options.filter((option) => !option.hidden).map(optionNode),
    example: exampleOf(command),
    commands: command.commands.map((one) => commandNode(one, [...path, one.name()])),
  };
}

function optionNode(option: Option): OptionNode {
  const value =
    option.required || option.optional ? (/[<[]([^>\].]+)/.exec(option.flags)?.[1] ?? null) : null;
  const { defaultValue, envVar, argChoices = [] } = option;
  const notes = [
    ...(argChoices.length > 0 ? [`one of ${argChoices.join(', ')}`] : []),
    ...(typeof defaultValue === 'string' ? [`default: ${defaultValue}`] : []),
    ...(envVar ? [`environment: ${envVar}`] : []),
  ];
  return {
    flags: option.flags,
    names: [option.short, option.long].filter((name) => name !== undefined),
    long: option.long ?? option.flags,
    value,
    choices: argChoices,
    description: [option.description, ...(notes.length > 0 ? [`(${notes.join('; ')})`] : [])].join(' '),
  };
}

/** Text after "Example:" in the help, which commander keeps as an event. */
function exampleOf(command: Command): string | null {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return /Example:\n {2}\$ (.+)/.exec(help)?.[1] ?? null;
}
