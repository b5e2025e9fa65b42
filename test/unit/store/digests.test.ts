import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { digestFiles } from '../../../src/store/digests.js';
import { compareTree, DIGESTS_FILE, digestTree } from '../../../src/store/tree.js';
import { removeDirectory } from '../../support/place.js';

/** More than one turn. */
const MANY = 401;
/** Sizes longer than what is read in one piece, and exactly as long. */
const LARGE = [2 ** 18, 2 ** 18 + 1, 2 ** 20];

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

function makeFiles(directory: string) {
  const contents = Array.from({ length: MANY }, (_, at) => (at === 7 ? '' : `file ${at}`));
  const all = [...contents, ...LARGE.map((bytes) => Buffer.alloc(bytes, bytes % 251))];
  const paths = all.map((_, at) => join(directory, `${at}`.padStart(5, '0')));
  all.forEach((content, at) => {
    writeFileSync(paths[at] ?? '', content);
  });
  return { directory, paths, contents: all };
}

/** Files are made once, as that is slow; a test that changes them restores them. */
let shared: ReturnType<typeof makeFiles>;

beforeAll(() => {
  shared = makeFiles(mkdtempSync(join(tmpdir(), 'openclaw-releases-digests-')));
  return () => removeDirectory(shared.directory);
});

test('digests of many files, and of large ones, are those of each, in their order', async () => {
  const { paths, contents } = shared;
  const expected = contents.map((content) => ({ sha256: sha256(content), size: content.length }));
  expect(await digestFiles(paths)).toEqual(expected);
  expect(await digestFiles([])).toEqual([]);
});

test.each([9, MANY])('%i files lose the right to be written, and no other', async (count) => {
  const { paths } = shared;
  for (const [at, path] of paths.entries()) chmodSync(path, at % 2 === 0 ? 0o755 : 0o640);
  await digestFiles(paths.slice(0, count));
  expect(statSync(paths[0] ?? '').mode & 0o777).toBe(0o755);
  await digestFiles(paths.slice(0, count), { close: true });
  const modes = paths.slice(0, count).map((path) => statSync(path).mode & 0o777);
  expect(modes).toEqual(modes.map((_, at) => (at % 2 === 0 ? 0o555 : 0o440)));
});

test.each([1, MANY])('a file among %i that cannot be read is a system error with its code', async (count) => {
  const { directory, paths } = shared;
  const asked = [...paths.slice(0, count), join(directory, 'nothing')];
  await expect(digestFiles(asked)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('an abort ends digesting with its reason, while files are still being found', async () => {
  const { paths } = shared;
  const controller = new AbortController();
  const why = new Error('enough');
  function* endless() {
    for (;;) yield* paths;
  }
  const digesting = digestFiles(endless(), { signal: controller.signal });
  setImmediate(() => controller.abort(why));
  await expect(digesting).rejects.toBe(why);
});

test('an error while files are being found ends the digesting', async () => {
  const { paths } = shared;
  function* broken() {
    yield* paths;
    throw new Error('not listed');
  }
  await expect(digestFiles(broken())).rejects.toThrow('not listed');
});

test('comparing finds one changed file among many, and no other', async () => {
  const { directory, paths, contents } = shared;
  const { text, digest: treeDigest, files, bytes } = await digestTree(directory);
  expect(files).toBe(paths.length);
  writeFileSync(join(directory, DIGESTS_FILE), text);
  expect(await compareTree(directory, { treeDigest, bytes })).toEqual([]);
  const at = [0, 200, MANY - 1];
  const changed = at.map((each) => paths[each] ?? '');
  for (const path of changed) {
    chmodSync(path, 0o644);
    writeFileSync(path, 'other');
  }
  const found = await compareTree(directory, { treeDigest, bytes });
  expect(found).toEqual(changed.map((path) => ({ path: path.slice(directory.length + 1), kind: 'changed' })));
  for (const each of at) writeFileSync(paths[each] ?? '', contents[each] ?? '');
  rmSync(join(directory, DIGESTS_FILE));
});
