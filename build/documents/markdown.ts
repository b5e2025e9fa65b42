import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './generate.js';

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** Every document of the repository, as a path in it. */
export const documents = ['', 'docs', 'layout', 'test'].flatMap((folder) =>
  readdirSync(join(repository, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

export const readDocument = (path: string) => readFileSync(join(repository, path), 'utf8');

/** Fenced blocks with their language. */
export const blocks = (markdown: string) =>
  [...markdown.matchAll(FENCE)].map(([, language = '', code = '']) => ({ language, code }));

export const inlineCode = (markdown: string) =>
  [...markdown.replace(FENCE, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replace(/\s+/g, ' '));

/** Targets of links, apart from those to other sites. */
export const links = (markdown: string) =>
  [
    ...markdown
      .replace(FENCE, '')
      .replace(/`[^`]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

/** Anchors as GitHub makes them from headings. */
export const anchors = (markdown: string) =>
  [...markdown.replace(FENCE, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Sentences as lists of words: of the prose, and of the cells of tables. A piece of code counts as one word of two syllables. */
export function sentences(markdown: string): { prose: string[][]; cells: string[][] } {
  const text = markdown
    .replace(FENCE, '\n')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/^#+ .*$/gm, '\n')
    .replace(/`[^`]+`/g, 'symbol')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*_]{1,2}(?=\S)|(?<=\S)[*_]{1,2}/g, '');
  const rows = text.match(/^\|.*\|$/gm) ?? [];
  const prose = text.replace(/^\|.*\|$/gm, '').replace(/^\s*(?:[-*]|\d+\.) /gm, '\n\n');
  return {
    prose: prose.split(/\n\s*\n/).flatMap(split),
    cells: rows.flatMap((row) => row.split('|')).flatMap(split),
  };
}

const split = (paragraph: string) =>
  paragraph
    .split(/(?<=[.!?])["')]?\s+/)
    .map((sentence) => sentence.match(/[\p{L}\p{N}][\p{L}\p{N}.'’/-]*/gu) ?? [])
    .filter((words) => words.length > 0);

/** Flesch's reading ease: 60 to 70 is plain English. */
export function readingEase(prose: string[][]): number {
  const words = prose.flat();
  const syllables = words.reduce((sum, word) => sum + syllablesOf(word), 0);
  return 206.835 - (1.015 * words.length) / prose.length - (84.6 * syllables) / words.length;
}

/** Estimate for English: groups of vowels, without a silent e. */
export function syllablesOf(word: string): number {
  return word.split(/[-/.]/).reduce((sum, part) => {
    const letters = part.toLowerCase().replace(/[^a-z]/g, '');
    if (letters === '') return sum + (part === '' ? 0 : 1);
    const spoken = letters.replace(/(?<=[^aeiouy].*)(?:(?<![td])ed|(?<![sxz]|[cs]h|[cg])es|(?<!l)e)$/, '');
    // As in "previous", and not as in "station".
    return sum + Math.max(1, spoken.match(/(?<![cgst])i(?=[aou])|[aeiouy]+/g)?.length ?? 1);
  }, 0);
}
