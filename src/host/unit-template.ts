import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';

const TEMPLATES = ownFile('layout/systemd');

/**
 * A value for between double quotes in a unit file: backslashes and quotes as in C, `%` doubled because systemd
 * would read a specifier.
 * @throws ReleasesError `root_invalid` for what no unit file can hold
 */
export function escapeQuoted(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x1f\x7f]/.test(value)) throw unwritable(value);
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
}

/** A path for a setting that takes one path and knows no quotes, such as `ConditionPathExists=`. */
export function escapePath(value: string): string {
  escapeQuoted(value);
  return value.replaceAll('%', '%%');
}

/**
 * The program of a command line, quoted; its `$` stays single, as variables are put into arguments only.
 * @throws ReleasesError `root_invalid` for quotes and backslashes: systemd takes a unit with such a program for broken
 */
export function quoteProgram(path: string): string {
  if (/["'\\]/.test(path)) throw unwritable(path);
  return `"${escapeQuoted(path)}"`;
}

/** An argument of a command line, quoted, with nothing in it for systemd to replace. */
export function quoteArgument(value: string): string {
  return `"${escapeQuoted(value).replaceAll('$', '$$$$')}"`;
}

/**
 * A template of `layout/systemd` with its `@NAMES@` replaced by values that are escaped already; a line that is
 * nothing but an empty value goes away.
 */
export function renderTemplate(name: string, values: Record<string, string>): string {
  const template = readFileSync(join(TEMPLATES, name), 'utf8');
  const fill = (text: string) =>
    text.replace(/@([A-Z_]+)@/g, (_all, key: string) => {
      const value = values[key];
      if (value === undefined)
        throw new ReleasesError('internal', `The template ${name} names an unknown @${key}@.`);
      return value;
    });
  const lines = template.split('\n');
  return lines
    .map((line) => ({ line, filled: fill(line) }))
    .filter(({ line, filled }) => line === '' || filled !== '')
    .map(({ filled }) => filled)
    .join('\n');
}

function unwritable(value: string): ReleasesError {
  return new ReleasesError(
    'root_invalid',
    `systemd has no way to write ${JSON.stringify(value)} in a unit.`,
    {
      hint: 'Name another directory with --root or OPENCLAW_RELEASES_ROOT.',
      untouched: 'Nothing was changed.',
    },
  );
}
