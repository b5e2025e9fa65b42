import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../../src/core/shell-word.js';

test.each(['/srv/claw', 'a b', "it's", '$HOME', '`id`', '', '*', 'a\nb', '~', '-n', 'a;b', '"', '\\'])(
  'a shell reads %j as one word with these characters',
  (text) => {
    const said = execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' });
    expect(said).toBe(text);
  },
);

test('a plain path is not quoted', () => {
  expect(shellWord('/home/claw/.local/share/openclaw-releases')).toBe(
    '/home/claw/.local/share/openclaw-releases',
  );
});
