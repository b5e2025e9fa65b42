import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError } from '../../core/errors.js';
import { ownFile } from '../../core/own-files.js';

const TEMPLATES = ownFile('layout/systemd');

/**
 * Escapes quotes and backslashes as in C, and doubles `%`, because systemd expands specifiers.
 * @throws ReleasesError `root_invalid` for control characters, which no unit file can hold
 */
export function escapeQuoted(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x1f\x7f]/.test(value)) throw unwritable(value);
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
}

/** Escapes a path for a setting without quotes, such as `ConditionPathExists=`. */
export function escapePath(value: string): string {
  escapeQuoted(value);
  return value.replaceAll('%', '%%');
}

/**
 * Quotes the program of a command line. Its `$` stays single: systemd expands variables only in arguments.
 * @throws ReleasesError `root_invalid` for quotes and backslashes, because systemd rejects such a program
 */
export function quoteProgram(path: string): string {
  if (/["'\\]/.test(path)) throw unwritable(path);
  return `"${escapeQuoted(path)}"`;
}

/** Quotes an argument so that systemd replaces nothing in it. */
export function quoteArgument(value: string): string {
  return `"${escapeQuoted(value).replaceAll('$', '$$$$')}"`;
}

/** Fills the `@NAMES@` of a template in `layout/systemd` with escaped values; removes lines that become empty. */
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
    { hint: 'Name another directory with --root or OPENCLAW_RELEASES_ROOT.' },
  );
}
