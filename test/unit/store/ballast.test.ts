import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepBallast } from '../../../src/store/ballast.js';
import { temporaryDirectory, temporaryRoot } from '../../support/place.js';

const SIZES = Array.from({ length: 32 }, () => 32 * 1024);

test('the reserve is thirty-two files of 32 KiB, and a lost or cut file is made again', () => {
  const root = temporaryRoot();
  const sizes = () => readdirSync(root.ballast).map((name) => lstatSync(join(root.ballast, name)).size);
  keepBallast(root);
  expect(sizes()).toEqual(SIZES);
  const kept = readFileSync(join(root.ballast, '2'));
  rmSync(join(root.ballast, '0'));
  writeFileSync(join(root.ballast, '1'), 'cut');
  keepBallast(root);
  expect(sizes()).toEqual(SIZES);
  expect(readFileSync(join(root.ballast, '2'))).toEqual(kept);
});

test.each<[string, (path: string, outside: string) => void]>([
  ['a pipe', (path) => execFileSync('mkfifo', [path])],
  ['a link', (path, outside) => symlinkSync(outside, path)],
  ['a directory', (path) => mkdirSync(join(path, 'inner'), { recursive: true })],
])('%s in the place of a file of the reserve is replaced, and nothing behind it is written', (_, make) => {
  const root = temporaryRoot();
  const outside = join(temporaryDirectory(), 'openclaw.json');
  writeFileSync(outside, '{}');
  mkdirSync(root.ballast, { recursive: true });
  make(join(root.ballast, '3'), outside);
  keepBallast(root);
  expect(readdirSync(root.ballast)).toHaveLength(32);
  expect(lstatSync(join(root.ballast, '3')).isFile()).toBe(true);
  expect(readFileSync(outside, 'utf8')).toBe('{}');
});
