import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { completions } from './completions.js';
import { manual } from './manual.js';
import { reference } from './reference.js';
import { type CommandNode, commandTree, leaves, PROGRAM } from './tree.js';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

const ANSWERS = 'layout/schemas/views/answers.schema.json';

/** Definition of a command's answer. */
interface AnswerShape {
  anyOf: { $ref?: string; properties?: object }[];
}

const read = (path: string) => readFileSync(join(repository, path), 'utf8');

/** Every generated document by its path in the repository; `docs/json.md` and its like are generated in part. */
export async function generate(): Promise<Record<string, string>> {
  const tree = await commandTree();
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const scripts = Object.entries(completions(tree));
  return {
    'docs/cli.md': reference(tree),
    'docs/json.md': replacePart(
      replacePart(read('docs/json.md'), 'answers', answers(tree)),
      'schemas',
      schemas(),
    ),
    [`layout/man/${PROGRAM}.1`]: manual(tree, version, exits(read('docs/errors.md'))),
    ...Object.fromEntries(
      scripts.map(([shell, script]) => [`layout/completions/${PROGRAM}.${shell}`, script]),
    ),
  };
}

function replacePart(text: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name}: made by npm run docs -->`, `<!-- end of ${name} -->`];
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`There is no part ${name}.`);
  return `${before}${begin}\n\n${part}\n\n${end}${after}`;
}

/** Documents of each command and of each method, by the names of their definitions. */
function answers(tree: CommandNode): string {
  const { definitions } = JSON.parse(read(ANSWERS)) as { definitions: Record<string, AnswerShape> };
  const methods = Object.keys(definitions).filter((name) => name.includes('.'));
  const named = [...leaves(tree).map(({ path }) => path), ...methods.map((name) => [name])];
  const rows = named.flatMap((path) => {
    const shape = definitions[path.join('-')];
    if (!shape) return [];
    const documents = shape.anyOf
      .map(({ $ref = '', properties = {} }) => $ref.split('/').at(-1) || Object.keys(properties).join(', '))
      .filter((name) => name !== 'Failure');
    return `| \`${path.join(' ')}\` | ${documents.join(' or ')} |`;
  });
  return ['| command or method | document |', '|---|---|', ...rows].join('\n');
}

function schemas(): string {
  const rows = readdirSync(join(repository, 'layout/schemas'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.schema.json'))
    .sort((a, b) => Number(b.includes('/')) - Number(a.includes('/')) || (a < b ? -1 : 1))
    .map((name) => {
      const { title } = JSON.parse(read(`layout/schemas/${name}`)) as { title: string };
      return `| [${name.replace('.schema.json', '')}](../layout/schemas/${name}) | \`${title}\` |`;
    });
  return ['| schema | of |', '|---|---|', ...rows].join('\n');
}

/** Rows of the table of exit codes, without markup. */
function exits(errors: string): [number, string][] {
  const table = errors.split('## Exit codes')[1]?.split('\n## ')[0] ?? '';
  return [...table.matchAll(/^\| (\d+)[^|]*\| (.+) \|$/gm)].map(([, code, meaning]) => [
    Number(code),
    (meaning ?? '').replaceAll('`', ''),
  ]);
}
