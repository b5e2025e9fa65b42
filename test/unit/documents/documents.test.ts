// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are pieces of source
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { faultsIn, faultsInHints } from '../../../build/documents/commands.js';
import { generate, repository } from '../../../build/documents/generate.js';
import {
  anchors,
  documents,
  links,
  readDocument,
  readingEase,
  sentences,
  syllablesOf,
} from '../../../build/documents/markdown.js';
import { commandNode, commandTree } from '../../../build/documents/tree.js';
import { HIDDEN_COMMANDS } from '../../../src/cli/commands.js';
import { ERROR_CODES, EXIT } from '../../../src/core/errors.js';

/** Documents for users; `docs/cli.md` is made from the help. */
const FOR_USERS = documents.filter(
  (path) =>
    (path.startsWith('docs/') && path !== 'docs/cli.md') ||
    ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'CODE_OF_CONDUCT.md'].includes(path),
);

const tree = await commandTree();
const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: Record<string, string> };

test('`npm run docs` changes nothing', async () => {
  for (const [path, text] of Object.entries(await generate())) expect(readDocument(path), path).toBe(text);
});

test('the README has at most 1,300 words', () => {
  expect(readDocument('README.md').split(/\s+/).length).toBeLessThanOrEqual(1300);
});

describe.each(FOR_USERS)('%s', (path) => {
  const { prose, cells } = sentences(readDocument(path));

  test('has no sentence of more than 30 words', () => {
    expect([...prose, ...cells].filter((words) => words.length > 30).map((words) => words.join(' '))).toEqual(
      [],
    );
  });

  test('is easy to read', () => {
    expect(readingEase(prose)).toBeGreaterThanOrEqual(55);
  });
});

describe.each(documents)('%s', (path) => {
  const text = readDocument(path);

  test('links to files and headings that exist', () => {
    const broken = links(text).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(repository, target))) return true;
      return anchor !== undefined && !anchors(readDocument(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

test.each(documents.filter((path) => path !== 'docs/cli.md'))(
  '%s names commands, options and scripts that exist',
  (path) => {
    expect(faultsIn(readDocument(path), tree, Object.keys(scripts))).toEqual([]);
  },
);

test('hints in the code name commands and options that exist', async () => {
  const hidden = await Promise.all(Object.values(HIDDEN_COMMANDS).map((load) => load()));
  const all = {
    ...tree,
    commands: [...tree.commands, ...hidden.map((command) => commandNode(command, [command.name()]))],
  };
  const files = readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.c?ts$/.test(name))
    .map((name) => `src/${name}`);
  const faults = [...files, 'layout/bin/gateway', 'layout/bin/openclaw', 'layout/bin/rescue'].flatMap(
    (file) => faultsInHints(readDocument(file), all).map((fault) => `${file}: ${fault}`),
  );
  expect(faults).toEqual([]);
});

test('docs/errors.md lists every error code with its exit code, and every exit code', () => {
  const text = readDocument('docs/errors.md');
  const part = (heading: string) => text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = [...part('Error codes').matchAll(/^\| `(\w+)` \| (\d) \| .+ \|$/gm)];
  expect(rows.map(([, code, exit]) => [code, Number(exit)]).sort()).toEqual(
    Object.entries(ERROR_CODES)
      .map(([code, outcome]) => [code, EXIT[outcome]])
      .sort(),
  );
  for (const code of Object.values(EXIT))
    expect(part('Exit codes')).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
});

describe('the checks of the documents', () => {
  test.each([
    ['`openclaw-releases cancel-it, to end ${what}`', 'no such command'],
    ["hint: 'openclaw-releases recover --now'", 'no option --now'],
    ['run "openclaw-releases rollback ${id} --yez", or not', 'no option --yez'],
  ])('find the fault in the hint %j', (source, fault) => {
    expect(faultsInHints(source, tree).join()).toContain(fault);
  });

  test('find none in a hint that is a sentence', () => {
    const hint = '`openclaw-releases rollback ${id} --yes, or --keep-state to roll back the code alone`';
    expect(faultsInHints(`${hint} 'openclaw-releases stage 2026.6.1 once it is there'`, tree)).toEqual([]);
  });

  const faults = (markdown: string) => faultsIn(markdown, tree, ['demo']);
  const typed = (line: string) => faults(`\`\`\`console\n$ ${line}\n\`\`\`\n`);

  test.each([
    ['openclaw-releases upgrade-all', 'no such command'],
    ['openclaw-releases timer sometimes', 'no such command'],
    ['openclaw-releases update --fast', 'no option --fast'],
    ['openclaw-releases list 2026.6.1', 'Too many arguments'],
    ['openclaw-releases show', 'missing'],
    ['sudo npm ls && opencalw-releases list', 'no known program'],
    ['npm run dmeo', 'no script'],
  ])('find the fault in %j', (line, fault) => {
    expect(typed(line).join()).toContain(fault);
  });

  test.each([
    ['openclaw-releases timer enable --window "Mon-Fri 02:00-05:00" --time-zone Europe/Berlin'],
    ['OPENCLAW_PROFILE=work openclaw-releases adopt --root=/srv/x'],
    ['npm run demo | cat'],
    ['openclaw-releases run -- --port 1'],
  ])('find none in %j', (line) => {
    expect(typed(line)).toEqual([]);
  });

  test('find an option that does not exist in the middle of a sentence', () => {
    expect(faults('Then `rollback --force` it.')).toEqual([expect.stringContaining('--force')]);
    expect(faults('Then `rollback --yes` it.')).toEqual([]);
  });

  test('count the words of sentences, list items and cells, and no code blocks', () => {
    const { prose, cells } = sentences(
      '# Title\n\nOne two. Three `four five`\nsix!\n\n- seven\n- eight 9.1 ten\n\n```\nx y\n```\n| a b | [c](d) |\n',
    );
    expect([prose.map((words) => words.length), cells.map((words) => words.length)]).toEqual([
      [2, 3, 1, 3],
      [2, 1],
    ]);
  });

  test.each([
    ['release', 2],
    ['table', 2],
    ['stopped', 1],
    ['started', 2],
    ['names', 1],
    ['changes', 2],
    ['previous', 3],
    ['verification', 5],
    ['the', 1],
    ['read-only', 3],
    ['2026.9', 2],
  ])('count the syllables of %s', (word, count) => {
    expect(syllablesOf(word)).toBe(count);
  });

  test('tell plain English from hard English', () => {
    const ease = (text: string) => readingEase(sentences(text).prose);
    expect(ease('The cat sat on the mat. It was warm.')).toBeGreaterThan(90);
    expect(
      ease(
        'Verification necessitates configuration of instrumentation facilities, notwithstanding incompatibility.',
      ),
    ).toBeLessThan(0);
  });
});
