import { chmodSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { momentIn, unchangedSince } from '../../../src/store/compared-files.js';
import { temporaryDirectory, until, writeTree } from '../../support/place.js';

const SHA256 = 'a'.repeat(64);

/** A tree of one read-only file, and the moment after it was written. */
async function makeTree() {
  const directory = temporaryDirectory('compared');
  writeTree(directory, { 'lib/a.js': 'as written' });
  const path = join(directory, 'lib/a.js');
  chmodSync(path, 0o444);
  const { ctimeMs } = statSync(path);
  await until('a later time of the filesystem', () => momentIn(directory).changed > ctimeMs);
  return { directory, path, compared: { digests: new Map([['lib/a.js', SHA256]]), at: momentIn(directory) } };
}

test('an unchanged file has the digest from its list', async () => {
  const { directory, path, compared } = await makeTree();
  expect(unchangedSince(directory, compared)(path)).toEqual({ sha256: SHA256, size: 10 });
});

test('a file that changed since must be read, though it has its size and its time of before', async () => {
  const { directory, path, compared } = await makeTree();
  const { atime, mtime } = statSync(path);
  chmodSync(path, 0o644);
  writeFileSync(path, 'AS WRITTEN');
  chmodSync(path, 0o444);
  utimesSync(path, atime, mtime);
  expect(unchangedSince(directory, compared)(path)).toBeNull();
});

test('a file that is not listed, or may be written, must be read', async () => {
  const { directory, path, compared } = await makeTree();
  expect(unchangedSince(directory, { ...compared, digests: new Map() })(path)).toBeNull();
  chmodSync(path, 0o644);
  const { ctimeMs } = statSync(path);
  await until('a later time of the filesystem', () => momentIn(directory).changed > ctimeMs);
  expect(unchangedSince(directory, { ...compared, at: momentIn(directory) })(path)).toBeNull();
});

test('every file must be read after the clock was set back', async () => {
  const { directory, path, compared } = await makeTree();
  const { changed, steady } = compared.at;
  const at = { changed, steady: steady - 60_000 };
  expect(unchangedSince(directory, { ...compared, at })(path)).toBeNull();
});
