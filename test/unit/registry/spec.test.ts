import { homedir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReleasesError } from '../../../src/core/errors.js';
import { parseSpec } from '../../../src/registry/spec.js';

function refusal(input: string): ReleasesError {
  try {
    parseSpec(input);
  } catch (error) {
    if (error instanceof ReleasesError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(input)} was taken`);
}

describe('parseSpec', () => {
  test.each([
    ['2026.6.1', '2026.6.1'],
    ['v2026.6.1', '2026.6.1'],
    ['openclaw@2026.6.1', '2026.6.1'],
    ['openclaw@v2026.6.1', '2026.6.1'],
    ['2026.7.1-2', '2026.7.1-2'],
    ['2026.7.2-beta.3', '2026.7.2-beta.3'],
  ])('takes %s for the version %s', (input, version) => {
    expect(parseSpec(input)).toEqual({ kind: 'version', version });
  });

  test.each([
    ['latest', 'latest'],
    ['beta', 'beta'],
    ['openclaw@next-2', 'next-2'],
  ])('takes %s for the tag %s', (input, tag) => {
    expect(parseSpec(input)).toEqual({ kind: 'tag', tag });
  });

  test.each([
    ['file:/srv/openclaw-2026.6.1.tgz', '/srv/openclaw-2026.6.1.tgz'],
    ['file:///srv/x.tgz', '/srv/x.tgz'],
    ['/srv/x.tar.gz', '/srv/x.tar.gz'],
    ['file:x.tgz', join(process.cwd(), 'x.tgz')],
    ['./x.tgz', join(process.cwd(), 'x.tgz')],
    ['../x.tgz', join(process.cwd(), '../x.tgz')],
    ['openclaw-2026.6.1.tgz', join(process.cwd(), 'openclaw-2026.6.1.tgz')],
    ['./with blanks/x.tgz', join(process.cwd(), 'with blanks/x.tgz')],
    ['~/x.tgz', join(homedir(), 'x.tgz')],
    ['openclaw@file:x.tgz', join(process.cwd(), 'x.tgz')],
  ])('takes %s for the archive %s', (input, path) => {
    expect(parseSpec(input)).toEqual({ kind: 'file', path });
  });

  test.each([
    ['a range', '^2026.6.1'],
    ['a range', '~2026.6'],
    ['a range', '>=2026.6.1'],
    ['a range', '2026.x'],
    ['a range', '2026'],
    ['a range', '*'],
    ['a range', '2026.6.1 || 2026.7.1'],
    ['a version with a sign', '=2026.6.1'],
    ['a version with leading zeros', '2026.06.01'],
    ['a path in a version', '2026.6.1/../../x'],
    ['a path in place of a version', '../2026.6.1'],
    ['the name of a release', '2026.6.1+file.1a2b3c4d'],
    ['an address', 'https://example.invalid/openclaw.tgz'],
    ['an address', 'http://example.invalid/openclaw.tgz'],
    ['a repository', 'git+https://example.invalid/openclaw.git'],
    ['a repository', 'git@example.invalid:openclaw/openclaw.git'],
    ['a repository', 'github:openclaw/openclaw'],
    ['a repository', 'openclaw/openclaw'],
    ['an alias', 'npm:other@1.0.0'],
    ['an alias', 'openclaw@npm:other@1.0.0'],
    ['another package', 'other@1.0.0'],
    ['another package', '@scope/openclaw@1.0.0'],
    ['another package', 'openclaw-releases@2026.6.1'],
    ['no release', 'openclaw'],
    ['no release', 'openclaw@'],
    ['nothing', ''],
    ['a blank', ' '],
    ['a blank at the end', 'latest '],
    ['a blank inside', 'la test'],
    ['a new line', '2026.6.1\n'],
    ['a new line inside', './x\n.tgz'],
    ['a NUL', './x\u0000.tgz'],
    ['a directory', './dist'],
    ['a directory', 'file:./dist'],
    ['a directory', '/srv/openclaw'],
    ['a directory', '.'],
    ['a tag with a slash', 'be/ta'],
    ['a tag that starts with a dash', '--registry'],
    ['a tag that would be encoded', 'be%ta'],
  ])('refuses %s: %j', (_what, input) => {
    const error = refusal(input);
    expect(error.code).toBe('spec_invalid');
    expect(error.hint).toBeTruthy();
    expect(error.untouched).toBeTruthy();
  });

  test('names what was probably meant', () => {
    expect(refusal('2026.06.01').hint).toContain('2026.6.1');
    expect(refusal('openclaw').hint).toContain('latest');
    expect(refusal('./dist').hint).toContain('npm pack');
  });

  test('never shows a control character to a terminal', () => {
    expect(refusal('\u001b[31mred').message).not.toContain('\u001b');
  });

  test('answers or refuses any text', () => {
    fc.assert(
      fc.property(fc.string(), (input) => {
        try {
          const spec = parseSpec(input);
          if (spec.kind === 'file') expect(spec.path).toMatch(/^\/.*\.(tgz|tar\.gz|tar)$/i);
          else expect(Object.values(spec).join()).not.toMatch(/[/\\\s]/);
        } catch (error) {
          expect(error).toMatchObject({ code: 'spec_invalid' });
        }
      }),
    );
  });
});
