import { blocks, inlineCode } from './markdown.js';
import { type CommandNode, PROGRAM } from './tree.js';

/** Programs of others that the documents tell people to type. */
const OTHERS = [
  'npm',
  'openclaw',
  'sudo',
  'ssh',
  'ssh-keygen',
  'ansible-playbook',
  'cat',
  'curl',
  'cd',
  'echo',
  'export',
  'chmod',
  'rm',
];

/** Words that begin a sentence after a command, and are the value of no argument. */
const PROSE = ['with', 'once', 'then', 'by', 'and', 'or', 'to', 'has', 'is', 'runs'];

/** Sentences about commands in a document that cannot be typed as they stand. */
export function faultsIn(markdown: string, tree: CommandNode, scripts: string[]): string[] {
  const names = tree.commands.map(({ path }) => path[0] ?? '');
  const typed = blocks(markdown)
    .filter(({ language }) => language === 'console')
    .flatMap(({ code }) => [...code.matchAll(/^\$ (.*)$/gm)].map(([, line = '']) => line));
  const shown = [...blocks(markdown).map(({ code }) => code), ...inlineCode(markdown)];
  return [
    ...typed.flatMap((line) =>
      programsOf(line)
        .filter((one) => !known(one))
        .map((one) => `${one} is no known program: ${line}`),
    ),
    ...typed.flatMap((line) => callsIn(line).flatMap((words) => faultsOf(words, tree, true))),
    ...shown.flatMap((code) => callsIn(code).flatMap((words) => faultsOf(words, tree, false))),
    // `rollback --yes` is short for the whole command.
    ...inlineCode(markdown)
      .map(wordsOf)
      .filter(([first = '', ...rest]) => names.includes(first) && rest.some((word) => word.startsWith('-')))
      .flatMap((words) => faultsOf(words, tree, false)),
    ...shown
      .flatMap((code) => [...code.matchAll(/\bnpm (?:run (?:--silent )?|(?=test\b))([\w:-]*\w)(?![\w:])/g)])
      .filter(([, script = '']) => !scripts.includes(script))
      .map(([call]) => `There is no script: ${call}`),
  ];
}

/** Commands and options in the hints of a source file that do not exist; a sentence may follow a command. */
export function faultsInHints(source: string, tree: CommandNode): string[] {
  const values = source
    .replace(/(?<=\w)\$\{[^{}]*\}/g, '')
    .replace(/\$\{[^{}]*\}/g, 'VALUE')
    .replace(/\\n/g, ' , ');
  return (
    callsIn(values)
      .filter(([first = '']) => /^[a-z]/.test(first) && !PROSE.includes(first))
      .map((words) => {
        const end = words.findIndex(
          (word, index) => /[,.:]$/.test(word) || PROSE.includes(words[index + 1] ?? ''),
        );
        return end === -1 ? words : [...words.slice(0, end), (words[end] ?? '').replace(/[,.:]$/, '')];
      })
      .flatMap((words) => faultsOf(words, tree, false))
      // A value may be a phrase, or empty.
      .filter((fault) => !fault.startsWith('Too many'))
  );
}

const known = (program: string) =>
  program === PROGRAM ||
  program.endsWith(`/${PROGRAM}`) ||
  /\/bin\/openclaw$/.test(program) ||
  OTHERS.includes(program);

/** First word of each command of a line. */
function programsOf(line: string): string[] {
  const bare = line.replace(/"[^"]*"|'[^']*'/g, 'text').replace(/ #.*$/, '');
  return bare.split(/\|\|?|&&|;/).flatMap(
    (part) =>
      part
        .trim()
        .split(/\s+/)
        .find((word) => !/^\w+=/.test(word)) ?? [],
  );
}

/** Words after each call of this program. */
function callsIn(code: string): string[][] {
  const calls = code.matchAll(
    /(?:^|bin\/|[\s`"'(=])openclaw-releases((?: +(?:"[^"]*"|'[^']*'|[^\s|;&>)"'`#…]+))+)/gm,
  );
  return [...calls].map(([, rest = '']) => wordsOf(rest));
}

const wordsOf = (text: string) => text.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];

/** @param whole whether an argument that is missing is a fault, too */
function faultsOf(words: string[], tree: CommandNode, whole: boolean): string[] {
  const call = `${PROGRAM} ${words.join(' ')}`;
  let node = tree;
  let at = 0;
  for (let next: CommandNode | undefined; ; node = next, at++) {
    next = node.commands.find(({ path, aliases }) => [path.at(-1), ...aliases].includes(words[at] ?? ''));
    if (!next) break;
  }
  if (node.commands.length > 0) {
    const [word] = words.slice(at);
    return word === undefined || /^(?:-|[A-Z.]+$)/.test(word) ? [] : [`There is no such command: ${call}`];
  }
  const faults: string[] = [];
  const given: string[] = [];
  for (; at < words.length && words[at] !== '--'; at++) {
    const [word = '', value] = (words[at] ?? '').split('=');
    if (!word.startsWith('-') || word === '-') given.push(word);
    else if (!['-h', '--help'].includes(word)) {
      const option = node.options.find(({ names }) => names.includes(word));
      if (!option) faults.push(`There is no option ${word}: ${call}`);
      else if (option.value && value === undefined) at++;
    }
  }
  const { arguments: wanted } = node;
  if (given.length > wanted.length && !wanted.at(-1)?.variadic) faults.push(`Too many arguments: ${call}`);
  if (whole && given.length < wanted.filter(({ required }) => required).length)
    faults.push(`An argument is missing: ${call}`);
  return faults;
}
