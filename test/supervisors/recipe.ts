import { readFileSync } from 'node:fs';

const DOCUMENT = readFileSync(new URL('../../docs/supervisors.md', import.meta.url), 'utf8');

/** The files of a chapter of `docs/supervisors.md`: what a test proves is what a reader copies. */
export function filesOf(chapter: string): Record<string, string> {
  const text = DOCUMENT.split(/^## /m).find((part) => part.startsWith(`${chapter}\n`));
  const blocks = [...(text ?? '').matchAll(/^`(\/[^`\n]+)`\n\n```\w*\n(.*?)^```$/gms)];
  if (blocks.length === 0) throw new Error(`docs/supervisors.md has no file for ${chapter}.`);
  return Object.fromEntries(blocks.map(([, path = '', content = '']) => [path, content]));
}
