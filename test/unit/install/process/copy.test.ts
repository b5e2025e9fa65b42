import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyPackage } from '../../../../src/install/process/copy.js';
import { temporaryDirectory, writeTree } from '../../../support/place.js';

const FILES = {
  'package.json': '{"name":"plain"}',
  'lib/large.js': 'x'.repeat(20_000),
  'run.js': '#!node\n',
};
const PROGRAM = 'run.js';

function sealedPackage(damage: (path: string) => void = () => {}) {
  const place = temporaryDirectory('copy');
  const from = writeTree(join(place, 'old'), FILES);
  for (const name of Object.keys(FILES)) chmodSync(join(from, name), name === PROGRAM ? 0o555 : 0o444);
  damage(join(from, 'lib/large.js'));
  const files = Object.entries(FILES).map(([name, text]): [string, string] => {
    return [name, createHash('sha256').update(text).digest('hex')];
  });
  const copy = { from, files, laidOutMs: Date.now() + 60_000 };
  return { copy, from, into: join(place, 'new') };
}

describe('a package of a kept release', () => {
  test('is copied, with the modes of an unpacked one', () => {
    const { copy, from, into } = sealedPackage();
    copyPackage(copy, into);
    for (const [name, text] of Object.entries(FILES)) {
      expect(readFileSync(join(into, name), 'utf8')).toBe(text);
      expect(lstatSync(join(into, name)).mode & 0o777).toBe(name === PROGRAM ? 0o755 : 0o644);
      expect(lstatSync(join(from, name)).nlink).toBe(1);
    }
  });

  test.each<[string, (path: string) => void]>([
    ['has other bytes', (path) => writeFileSync(path, 'y', { flag: 'r+' })],
    ['has more bytes', (path) => writeFileSync(path, 'y', { flag: 'a' })],
    ['was cut off', (path) => truncateSync(path, 10_000)],
    ['is gone', (path) => rmSync(path)],
    ['is a directory', (path) => replaceBy(path, () => mkdirSync(path))],
    ['is a pipe', (path) => replaceBy(path, () => execFileSync('mkfifo', [path]))],
  ])('is refused where a file %s', (_, damage) => {
    const { copy, into } = sealedPackage((path) => {
      chmodSync(path, 0o644);
      damage(path);
    });
    expect(() => copyPackage(copy, into)).toThrow(/./);
  });

  test('is refused where a file is younger than the release', () => {
    const { copy, into } = sealedPackage();
    expect(() => copyPackage({ ...copy, laidOutMs: 1 }, into)).toThrow(/not what was unpacked/);
  });
});

function replaceBy(path: string, make: () => void): void {
  rmSync(path);
  make();
}
