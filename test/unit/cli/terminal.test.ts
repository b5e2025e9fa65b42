import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { presented, wantColours } from '../../../src/cli/terminal.js';

// The library looks once, as it is loaded; the build loads it late.
vi.hoisted(() => {
  process.env.FORCE_COLOR = '1';
});

beforeEach(() => {
  for (const name of ['COLUMNS', 'LC_ALL', 'LC_CTYPE', 'LANG', 'NO_COLOR']) vi.stubEnv(name, undefined);
});

afterEach(() => {
  wantColours();
  vi.unstubAllEnvs();
});

const WARNING =
  'warning: the registry has no signature of 2026.9.6, so only its checksum proves it to be what it was.';

describe.each([60, 80, 120])('in %i columns', (width) => {
  test('a sentence is folded at words', () => {
    vi.stubEnv('COLUMNS', String(width));
    const lines = presented(WARNING, 1).split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(lines.map((line) => line.trim()).join(' ')).toBe(WARNING);
  });

  test('a command to type stays whole, on a line of its own', () => {
    vi.stubEnv('COLUMNS', String(width));
    const command =
      'Next: openclaw-releases timer enable --window "Mon-Fri 02:00-05:00" --time-zone Europe/Berlin';
    expect(presented(`${WARNING} ${command}`, 1).split('\n').at(-1)).toBe(command);
    const hint = `  next: openclaw-releases ${'--registry https://registry.example '.repeat(4)}`;
    expect(presented(hint, 2)).toBe(hint);
    const path = `/${'deep/'.repeat(40)}`;
    expect(presented(path, 1)).toBe(path);
  });
});

test.each([
  [{ LANG: 'C' }, '+ Seal  1 -> 2'],
  [{ LC_ALL: 'POSIX', LANG: 'de_DE.UTF-8' }, '+ Seal  1 -> 2'],
  [{ LANG: 'C.UTF-8' }, '✔ Seal  1 → 2'],
  [{ LC_CTYPE: 'en_US.utf8' }, '✔ Seal  1 → 2'],
])('marks are those of the locale %j', (locale, shown) => {
  for (const [name, value] of Object.entries(locale)) vi.stubEnv(name, value);
  expect(presented('✔ Seal  1 → 2', 2)).toBe(shown);
});

test('a folded error breaks at the same words in colours, and its code is coloured', () => {
  vi.stubEnv('COLUMNS', '60');
  const error = `error: ${WARNING} Next: openclaw-releases list\n${WARNING.replace('warning', 'error')} [internal]`;
  const plain = presented(error, 2);
  wantColours('always');
  const shown = presented(error, 2);
  expect(stripVTControlCharacters(shown)).toBe(plain);
  expect(shown.split('\n').at(-1)).toMatch(/\[2m \[internal\]/);
});

test('output that is no terminal has no colours, and --color always has them', () => {
  expect(presented(WARNING, 1)).toBe(WARNING);
  wantColours('never');
  expect(presented(WARNING, 1)).toBe(WARNING);
});
