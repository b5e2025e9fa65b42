import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCommand } from '../../../../src/adopt/command.js';
import { readSettings, splitWords } from '../../../../src/host/systemd/unit-file.js';
import { escapeQuoted, quoteArgument } from '../../../../src/host/systemd/unit-template.js';
import { temporaryDirectory, writeTree } from '../../../support/place.js';

const values = (text: string) => splitWords(text).map(({ value }) => value);
const read = (...files: string[]) => readSettings(files, { h: '/home/claw' });

describe('a command line of systemd', () => {
  test.each([
    ['a  b\tc', ['a', 'b', 'c']],
    ['"a b" \'c d\'e', ['a b', 'c de']],
    ['a\\x20b \\101 \\u00e9', ['a b', 'A', 'é']],
    ['"a \\"b\\" \\\\"', ['a "b" \\']],
    ["'a\"b'", ['a"b']],
    ['', []],
  ])('splits %j', (text, expected) => {
    expect(values(text)).toEqual(expected);
  });

  test('keeps each word as the file spells it', () => {
    expect(splitWords('x "a b" %h/$FOO').map(({ raw }) => raw)).toEqual(['x', '"a b"', '%h/$FOO']);
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
    expect(settings.execStart.map((words) => words.map(({ value }) => value))).toEqual([
      ['/home/claw/bin/new', 'gateway'],
    ]);
    expect(settings.environment).toEqual({ B: 'two words', C: '/home/claw' });
  });

  test('leaves unknown specifiers alone', () => {
    expect(read('[Service]\nExecStart=/bin/x %i 100%%').execStart[0]?.map(({ value }) => value)).toEqual([
      '/bin/x',
      '%i',
      '100%',
    ]);
  });
});

describe('the command of a gateway', () => {
  const command = (text: string, path = '/usr/bin') => readCommand(splitWords(text), path);

  test.each([
    [
      '/usr/bin/node /p/openclaw/dist/index.js gateway --port 18789',
      '/usr/bin/node',
      '/p/openclaw/dist/index.js',
      ['--port', '18789'],
      [],
    ],
    ['/x/bin/openclaw gateway', null, '/x/bin/openclaw', [], []],
    ['/usr/bin/env NODE_ENV=production node /p/e.mjs gateway run', 'node', '/p/e.mjs', ['run'], []],
    [
      '-/opt/node-22 --max-old-space-size=900 -r /x.js /p/e.mjs gateway',
      '/opt/node-22',
      '/p/e.mjs',
      [],
      ['--max-old-space-size=900', '-r', '/x.js'],
    ],
    [
      '/usr/bin/openclaw --profile work gateway --port 1',
      null,
      '/usr/bin/openclaw',
      ['--profile', 'work', '--port', '1'],
      [],
    ],
    [
      '/usr/bin/openclaw gateway --token "a b" $EXTRA',
      null,
      '/usr/bin/openclaw',
      ['--token', '"a b"', '$EXTRA'],
      [],
    ],
    ['/usr/bin/openclaw node run', null, '/usr/bin/openclaw', null, []],
  ])('%s', (text, node, entry, rest, nodeOptions) => {
    expect(command(text)).toEqual({ node, entry, rest, nodeOptions });
  });

  test('is started by Node under any name that leads to it', () => {
    const home = temporaryDirectory('command');
    writeTree(home, { 'v22/node': '', runtime: '-> v22/node' });
    chmodSync(join(home, 'v22/node'), 0o755);
    expect(command(`${home}/runtime /p/e.mjs gateway`)).toMatchObject({
      node: `${home}/runtime`,
      entry: '/p/e.mjs',
    });
  });
});
