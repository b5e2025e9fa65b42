import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPlainFile } from '../../../src/host/bounded-file.js';
import { temporaryDirectory } from '../../support/place.js';

test('readPlainFile reads a file up to its limit, also through a link', () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'file');
  writeFileSync(path, 'x'.repeat(200_000));
  symlinkSync(path, join(directory, 'link'));
  expect(readPlainFile(path, 200_000)).toHaveLength(200_000);
  expect(readPlainFile(join(directory, 'link'), 200_001)).toHaveLength(200_000);
  expect(() => readPlainFile(path, 199_999)).toThrow('it is larger than 199999 bytes');
  writeFileSync(path, '');
  expect(readPlainFile(path, 0)).toHaveLength(0);
});

test.each<[string, (path: string) => void]>([
  ['a pipe without a writer', (path) => execFileSync('mkfifo', [path])],
  ['a link to an endless device', (path) => symlinkSync('/dev/zero', path)],
  ['a directory', (path) => mkdirSync(path)],
])('readPlainFile refuses %s at once', (_what, make) => {
  const path = join(temporaryDirectory(), 'odd');
  make(path);
  expect(() => readPlainFile(path, 1000)).toThrow('it is not a plain file');
});

test('readPlainFile reports the code of the system for a missing file', () => {
  expect(() => readPlainFile(join(temporaryDirectory(), 'none'), 1000)).toThrow(
    expect.objectContaining({ code: 'ENOENT' }),
  );
});
