import { type CommandNode, isCommon, leaves, type OptionNode, PROGRAM } from './tree.js';

/** `docs/cli.md`. */
export function reference(tree: CommandNode): string {
  const commands = leaves(tree);
  const common = commands.flatMap(({ options }) => options).filter(isCommon);
  const firsts = common.filter(({ long }, index) => common.findIndex((one) => one.long === long) === index);
  return [
    '# Commands',
    '<!-- Made by `npm run docs` from the commands themselves: edit `src/cli/commands/`, not this file. -->',
    `\`${PROGRAM} COMMAND --help\` prints the same. [json.md](json.md) has the documents that \`--json\` prints, and [errors.md](errors.md) the exit codes.`,
    list(commands),
    '## Options of nearly every command',
    options(firsts),
    ...commands.map(section),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

const list = (commands: CommandNode[]) =>
  commands
    .map(({ path, description }) => `- [\`${path.join(' ')}\`](#${path.join('-')}): ${plain(description)}`)
    .join('\n');

function section({
  path,
  description,
  usage,
  aliases,
  arguments: args,
  options: all,
  example,
}: CommandNode): string {
  const own = all.filter((option) => !isCommon(option));
  const rows = [
    ...args.map(
      ({ name, description, choices }) => `| \`${name}\` | ${cell([description, ...choices].join(' '))} |`,
    ),
    ...own.map(({ flags, description }) => `| \`${flags}\` | ${cell(description)} |`),
  ];
  return [
    `## ${path.join(' ')}`,
    `${sentence(description)}${aliases.length > 0 ? ` Also: \`${aliases.join('`, `')}\`.` : ''}`,
    `\`\`\`\n${PROGRAM} ${path.join(' ')} ${usage}\n\`\`\``,
    ...(rows.length > 0 ? [table(rows)] : []),
    ...(example ? [`Example: \`${example}\``] : []),
  ].join('\n\n');
}

const options = (all: OptionNode[]) =>
  table(all.map(({ flags, description }) => `| \`${flags}\` | ${cell(description)} |`));
const table = (rows: string[]) => ['| | |', '|---|---|', ...rows].join('\n');
const cell = (text: string) => plain(text).replaceAll('|', '\\|');
/** Angle brackets would be HTML. */
const plain = (text: string) => text.replaceAll('<', '&lt;');
const sentence = (text: string) =>
  `${plain(text.charAt(0).toUpperCase() + text.slice(1)).replace(/\.$/, '')}.`;
