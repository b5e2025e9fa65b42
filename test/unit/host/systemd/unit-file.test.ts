import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCommandLines, splitWords } from '../../../../src/host/systemd/command-line.js';
import { readSettings } from '../../../../src/host/systemd/unit-file.js';
import { escapeQuoted, quoteArgument } from '../../../../src/host/systemd/unit-template.js';

const values = (text: string) => splitWords(text)?.map(({ value }) => value);
const read = (...files: string[]) => readSettings(files, { h: '/home/claw' });

describe('a command line of systemd', () => {
  test.each([
    ['a  b\tc', ['a', 'b', 'c']],
    ['"a b" \'c d\'e', ['a b', 'c de']],
    ['a\\x20b \\101 \\u00e9', ['a b', 'A', 'é']],
    ['"a \\"b\\" \\\\"', ['a "b" \\']],
    ["'a\"b'", ['a"b']],
    ['a\\xc3\\xa9 \\303\\251', ['aé', 'é']],
    ['\\d \\777 \\q"x"', ['\\d', '\\777', '\\qx']],
    ['"a b', undefined],
    ['', []],
  ])('splits %j', (text, expected) => {
    expect(values(text)).toEqual(expected);
  });

  test('keeps each word as the file spells it', () => {
    expect(splitWords('x "a b" %h/$FOO')?.map(({ raw }) => raw)).toEqual(['x', '"a b"', '%h/$FOO']);
  });

  test('parses what was quoted for it, specifiers aside', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab "\'\\$é') }), (value) => {
        expect(values(`x "${escapeQuoted(value)}"`)).toEqual(['x', value]);
      }),
    );
  });

  test('doubles what systemd would replace', () => {
    expect(escapeQuoted('/a %h $b')).toBe('/a %%h $b');
    expect(quoteArgument('100% $HOME')).toBe('"100%% $$HOME"');
  });

  test('refuses a path that would end the line', () => {
    expect(() => escapeQuoted('/a\nExecStart=/bin/evil')).toThrow(
      expect.objectContaining({ code: 'root_invalid' }),
    );
  });
});

describe('the settings of a unit', () => {
  test('are those of the last file that sets them, with resets, continued lines and comments', () => {
    const settings = read(
      '[Unit]\nDescription=x\nExecStart=/not/a/service\n[Service]\nExecStart=/bin/old \\\n# between\n  gateway\nEnvironment=A=1 "B=two words"\nEnvironment=C=%h\n',
      '[Service]\nExecStart=\nExecStart=%h/bin/new gateway\nUnsetEnvironment=A\n',
    );
    expect(settings.commands.map(({ words }) => words.map(({ value }) => value))).toEqual([
      ['/home/claw/bin/new', 'gateway'],
    ]);
    expect(settings.environment).toEqual({ B: 'two words', C: '/home/claw' });
  });

  test('leaves unknown specifiers alone', () => {
    expect(read('[Service]\nExecStart=/bin/x %i 100%%').commands[0]?.words.map(({ value }) => value)).toEqual(
      ['/bin/x', '%i', '100%'],
    );
  });

  test('removes what is unset last, and one value of a variable alone', () => {
    const text = 'UnsetEnvironment=A B=1 C=1\nEnvironment=A=1 B=1 C=2 "D=x=y" =z W';
    expect(read(`[Service]\n${text}`).environment).toEqual({ C: '2', D: 'x=y' });
    expect(read(`[Service]\n${text}\nUnsetEnvironment=`).environment).toMatchObject({ A: '1', B: '1' });
  });

  test('continues lines after an odd number of backslashes, and ends them at each kind of line end', () => {
    const text = '[Service]\r\nExecStart=/bin/x a\\\\\rExecStart=/bin/y \\\n b\n';
    const words = read(text).commands.map(({ words }) => words.map(({ value }) => value));
    expect(words).toEqual([
      ['/bin/x', 'a\\'],
      ['/bin/y', 'b'],
    ]);
  });
});

describe('the commands of a setting', () => {
  const parse = (text: string) =>
    parseCommandLines(text, { h: '/h' }).map(({ signs, words }) => [
      signs,
      ...words.map(({ value }) => value),
    ]);

  test.each([
    ['-/bin/x a', [['-', '/bin/x', 'a']]],
    ['@-:/bin/x name a', [['@-:', '/bin/x', 'name', 'a']]],
    [
      '!!/bin/x ; +/bin/y b',
      [
        ['!!', '/bin/x'],
        ['+', '/bin/y', 'b'],
      ],
    ],
    ['/bin/x a \\; b";"', [['', '/bin/x', 'a', ';', 'b;']]],
    ['"-/bin/my x" ";"', [['-', '/bin/my x', ';']]],
    ['%h/bin/x $A $B-%%', [['', '/h/bin/x', '$A', '$B-%']]],
    ['/bin/x "no end', []],
    ['- a', []],
  ])('%j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  test('keep the spelling of the program apart from its signs', () => {
    expect(parseCommandLines('"-/bin/my x"', {})[0]?.words[0]?.raw).toBe('"/bin/my x"');
    expect(parseCommandLines('-"/bin/my x"', {})[0]?.words[0]?.raw).toBe('"/bin/my x"');
  });
});
