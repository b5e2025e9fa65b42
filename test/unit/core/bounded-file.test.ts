import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAbsent, openPlainFile, readPlainFile, UnusableFile } from '../../../src/core/bounded-file.js';
import { temporaryDirectory } from '../../support/place.js';

const MOST = 1_000;

function inPlaceOfAFile(make: (path: string) => unknown): string {
  const path = join(temporaryDirectory(), 'file');
  make(path);
  return path;
}

test.each([
  ['', 0],
  ['x', 1],
  ['x'.repeat(MOST), MOST],
])('a plain file of up to the limit is read whole (%#)', (text, size) => {
  const path = inPlaceOfAFile((path) => writeFileSync(path, text));
  expect(readPlainFile(path, MOST).toString()).toBe(text);
  const { fd, stats } = openPlainFile(path);
  closeSync(fd);
  expect(stats.size).toBe(size);
});

test.each<[string, (path: string) => unknown, string]>([
  ['a pipe', (path) => execFileSync('mkfifo', [path]), 'is not a plain file'],
  ['a directory', (path) => mkdirSync(path), 'is a directory'],
  ['a link to a file', (path) => linkToFile(path), 'is a link'],
  ['a link to a pipe', (path) => linkToPipe(path), 'is a link'],
  ['a link to an endless device', (path) => symlinkSync('/dev/zero', path), 'is a link'],
  ['a link to nothing', (path) => symlinkSync('nothing', path), 'is a link'],
  ['a link to itself', (path) => symlinkSync(path, path), 'is a link'],
  ['one byte too many', (path) => writeFileSync(path, 'x'.repeat(MOST + 1)), 'is far too large (1001 bytes)'],
  ['a giant file', (path) => giant(path), `is far too large (${2 ** 40} bytes)`],
])('%s is unusable, at once and with the reason', (_, make, why) => {
  const path = inPlaceOfAFile(make);
  const error = thrownBy(() => readPlainFile(path, MOST));
  expect(error).toBeInstanceOf(UnusableFile);
  expect(error).toMatchObject({ code: 'corrupt_files', why, message: `${path} ${why}.` });
});

test.each(['/dev/null', '/dev/zero', '/dev/tty'])('%s is unusable', (path) => {
  expect(() => readPlainFile(path, MOST)).toThrow(UnusableFile);
});

test('a socket is unusable', async () => {
  const path = join(temporaryDirectory(), 'file');
  const server = createServer().listen(path);
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  expect(thrownBy(() => readPlainFile(path, MOST))).toMatchObject({ why: 'is not a plain file' });
});

test('a file that the kernel refuses to open is unusable, with the answer of the kernel', () => {
  const path = join(temporaryDirectory(), 'x'.repeat(300));
  expect(thrownBy(() => readPlainFile(path, MOST))).toMatchObject({ why: 'cannot be read (ENAMETOOLONG)' });
});

test('a path where nothing is, is an error of its own', () => {
  const path = inPlaceOfAFile((path) => writeFileSync(path, ''));
  for (const absent of [`${path}.other`, join(path, 'below')])
    expect(isAbsent(thrownBy(() => readPlainFile(absent, MOST)))).toBe(true);
});

test('a link is followed on request, and what it leads to is examined', () => {
  const follow = { follow: true };
  expect(readPlainFile(inPlaceOfAFile(linkToFile), MOST, follow).toString()).toBe('text');
  expect(() => readPlainFile(inPlaceOfAFile(linkToPipe), MOST, follow)).toThrow('is not a plain file');
  expect(
    isAbsent(
      thrownBy(() =>
        readPlainFile(
          inPlaceOfAFile((p) => symlinkSync('no', p)),
          MOST,
          follow,
        ),
      ),
    ),
  ).toBe(true);
});

test('no descriptor stays open', () => {
  const free = () => {
    const fd = openSync('/dev/null', 'r');
    closeSync(fd);
    return fd;
  };
  const before = free();
  for (const make of [linkToFile, (path: string) => mkdirSync(path), giant]) {
    const path = inPlaceOfAFile(make);
    thrownBy(() => readPlainFile(path, MOST));
  }
  expect(free()).toBe(before);
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown.');
}

function linkToFile(path: string): void {
  writeFileSync(`${path}.target`, 'text');
  symlinkSync(`${path}.target`, path);
}

function linkToPipe(path: string): void {
  execFileSync('mkfifo', [`${path}.target`]);
  symlinkSync(`${path}.target`, path);
}

function giant(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, 2 ** 40);
}
