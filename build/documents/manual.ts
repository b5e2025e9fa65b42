import { type CommandNode, isCommon, leaves, type OptionNode, PROGRAM } from './tree.js';

/** `openclaw-releases(1)`, in roff. */
export function manual(tree: CommandNode, version: string, exits: [number, string][]): string {
  const commands = leaves(tree);
  const common = commands[0]?.options.filter(isCommon) ?? [];
  return [
    `.TH ${PROGRAM.toUpperCase()} 1 "" "${PROGRAM} ${version}" "User Commands"`,
    '.SH NAME',
    text(`${PROGRAM} - ${tree.description.replace(/\.$/, '')}`),
    '.SH SYNOPSIS',
    `.B ${text(PROGRAM)}`,
    '.I command',
    '[options]',
    '.SH OPTIONS',
    'Nearly every command has these options.',
    ...common.flatMap(option),
    '.SH COMMANDS',
    ...commands.flatMap(command),
    '.SH EXIT STATUS',
    ...exits.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, text(meaning)]),
    '.SH ENVIRONMENT',
    '.TP',
    '.B OPENCLAW_RELEASES_ROOT',
    'Directory of the releases, where --root names none.',
    '.TP',
    '.B OPENCLAW_PROFILE',
    'Profile of the gateway. It has a root of its own.',
    '.SH FILES',
    '.TP',
    '.I ~/.local/share/openclaw-releases',
    'The root, unless --root or the environment names another.',
    '.SH SEE ALSO',
    'README.md, docs/ and layout/README.md of this package',
    '',
  ].join('\n');
}

function command({ path, usage, description, arguments: args, options, example }: CommandNode): string[] {
  return [
    `.SS ${text([...path, usage].join(' '))}`,
    text(`${description.charAt(0).toUpperCase()}${description.slice(1).replace(/\.$/, '')}.`),
    ...args.flatMap(({ name, description }) => ['.TP', `.I ${text(name)}`, text(description)]),
    ...options.filter((one) => !isCommon(one)).flatMap(option),
    ...(example ? ['.PP', 'Example:', `.B ${text(example)}`] : []),
  ];
}

const option = ({ flags, description }: OptionNode) => ['.TP', `.B ${text(flags)}`, text(description)];

/** Text that roff prints as it is. */
const text = (words: string) =>
  words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
