import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TreeDifference } from '../../../src/host/listed-tree.js';
import { readManifest, releaseDirectory } from '../../../src/store/manifest.js';
import { removeTree } from '../../../src/store/seal.js';
import { compareTree, digestTree } from '../../../src/store/tree.js';
import { temporaryDirectory, temporaryRoot, writeTree } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

/** Mode bits show it: the superuser may write anywhere. */
const writable = (path: string) => (statSync(path).mode & 0o222) !== 0;

test('a sealed release is listed, complete and read-only', async () => {
  const root = temporaryRoot();
  const sealed = await sealTinyRelease(root, '2026.6.1', { 'a/b.js': 'b', 'a/c.js': 'c' });
  const directory = releaseDirectory(root, '2026.6.1');
  expect(readManifest(root, '2026.6.1')).toEqual(sealed);
  expect(sealed).toMatchObject({ files: 3, bytes: 'b'.length + 'c'.length + '// 2026.6.1\n'.length });
  for (const path of ['', 'a', 'a/b.js', 'release.json', 'files.sha256'])
    expect(writable(join(directory, path))).toBe(false);
  expect(await compareTree(directory, sealed)).toEqual([]);
});

test('the list of digests can be checked by sha256sum, without this program', async () => {
  const root = temporaryRoot();
  await sealTinyRelease(root, '2026.6.1', { 'a/b c.js': 'b' });
  const cwd = releaseDirectory(root, '2026.6.1');
  expect(execFileSync('sha256sum', ['-c', '--strict', 'files.sha256'], { cwd, encoding: 'utf8' })).toContain(
    'a/b c.js: OK',
  );
});

test('an edited, a missing and an added file are each named', async () => {
  const root = temporaryRoot();
  const sealed = await sealTinyRelease(root, '2026.6.1', {
    'edited.js': 'x',
    'missing.js': 'y',
    'link.js': '-> edited.js',
  });
  const directory = releaseDirectory(root, '2026.6.1');
  chmodSync(directory, 0o755);
  chmodSync(join(directory, 'edited.js'), 0o644);
  writeFileSync(join(directory, 'edited.js'), 'z');
  rmSync(join(directory, 'missing.js'));
  rmSync(join(directory, 'link.js'));
  writeTree(directory, { 'added.js': 'new', 'link.js': '-> added.js' });
  expect(await compareTree(directory, sealed)).toEqual([
    { path: 'edited.js', kind: 'changed' },
    { path: 'link.js', kind: 'changed' },
    { path: 'missing.js', kind: 'missing' },
    { path: 'added.js', kind: 'added' },
  ]);
});

test('a list that was edited together with its file does not hide the edit', async () => {
  const root = temporaryRoot();
  const sealed = await sealTinyRelease(root, '2026.6.1', { 'a.js': 'x' });
  const directory = releaseDirectory(root, '2026.6.1');
  chmodSync(directory, 0o755);
  for (const path of ['a.js', 'files.sha256']) chmodSync(join(directory, path), 0o644);
  writeFileSync(join(directory, 'a.js'), 'edited');
  writeFileSync(join(directory, 'files.sha256'), (await digestTree(directory)).text);
  expect(await compareTree(directory, sealed)).toEqual([{ path: 'files.sha256', kind: 'changed' }]);
});

/** Damage of the release below, and what has to be found. */
const DAMAGED: [string, (at: (path: string) => string) => unknown, TreeDifference[]][] = [
  ['a pipe', (at) => swap(at('a/b.js'), mkfifo), [{ path: 'a/b.js', kind: 'replaced', by: 'pipe' }]],
  ['a link', (at) => swap(at('a/b.js'), linkTo('c.js')), [{ path: 'a/b.js', kind: 'replaced', by: 'link' }]],
  [
    'a link out of the release',
    (at) => swap(at('a/b.js'), linkTo('/etc/shadow')),
    [{ path: 'a/b.js', kind: 'replaced', by: 'link' }],
  ],
  [
    'a link to an endless device',
    (at) => swap(at('a/b.js'), linkTo('/dev/zero')),
    [{ path: 'a/b.js', kind: 'replaced', by: 'link' }],
  ],
  [
    'a directory',
    (at) => swap(at('a/b.js'), (path) => writeTree(path, { 'x.js': '' })),
    [
      { path: 'a/b.js', kind: 'replaced', by: 'directory' },
      { path: 'a/b.js/x.js', kind: 'added' },
    ],
  ],
  ['a giant file', (at) => swap(at('a/b.js'), giant), [{ path: 'a/b.js', kind: 'changed' }]],
  [
    'a file for a link',
    (at) => swap(at('l'), (path) => writeFileSync(path, '')),
    [{ path: 'l', kind: 'replaced', by: 'file' }],
  ],
  ['another link', (at) => swap(at('l'), linkTo('a/c.js')), [{ path: 'l', kind: 'changed' }]],
  [
    'a pipe for a directory',
    (at) => swap(at('a'), mkfifo),
    [
      { path: 'a/b.js', kind: 'missing' },
      { path: 'a/c.js', kind: 'missing' },
      { path: 'a', kind: 'added' },
    ],
  ],
  ['a pipe that is new', (at) => mkfifo(at('new')), [{ path: 'new', kind: 'added' }]],
  [
    'names that no list can hold',
    (at) => writeFileSync(at('a\nb\\'), ''),
    [{ path: 'a\nb\\', kind: 'added' }],
  ],
  ['no list', (at) => rmSync(at('files.sha256')), [{ path: 'files.sha256', kind: 'missing' }]],
  [
    'a directory for the list',
    (at) => swap(at('files.sha256'), (path) => mkdirSync(path)),
    [{ path: 'files.sha256', kind: 'replaced', by: 'directory' }],
  ],
  [
    'a pipe for the list',
    (at) => swap(at('files.sha256'), mkfifo),
    [{ path: 'files.sha256', kind: 'replaced', by: 'pipe' }],
  ],
  [
    'a link for the list',
    (at) => swap(at('files.sha256'), linkTo('/dev/zero')),
    [{ path: 'files.sha256', kind: 'replaced', by: 'link' }],
  ],
  ['a giant list', (at) => swap(at('files.sha256'), giant), [{ path: 'files.sha256', kind: 'unreadable' }]],
  [
    'an empty list',
    (at) => swap(at('files.sha256'), (path) => writeFileSync(path, '')),
    [{ path: 'files.sha256', kind: 'changed' }],
  ],
  [
    'no list and another file',
    (at) => {
      rmSync(at('files.sha256'));
      swap(at('a/b.js'), mkfifo);
    },
    [
      { path: 'files.sha256', kind: 'missing' },
      { path: '.', kind: 'changed' },
    ],
  ],
];

test.each(DAMAGED)('a release is compared whole and without waiting: %s', async (_, damage, expected) => {
  const root = temporaryRoot();
  const sealed = await sealTinyRelease(root, '2026.6.1', { 'a/b.js': 'b', 'a/c.js': 'c', l: '-> a/b.js' });
  const directory = releaseDirectory(root, '2026.6.1');
  for (const path of ['', 'a']) chmodSync(join(directory, path), 0o755);
  damage((path) => join(directory, path));
  expect(await compareTree(directory, sealed)).toEqual(expected);
});

function swap(path: string, make: (path: string) => unknown): void {
  rmSync(path, { recursive: true });
  make(path);
}

const mkfifo = (path: string) => execFileSync('mkfifo', [path]);
const linkTo = (target: string) => (path: string) => symlinkSync(target, path);

function giant(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, 2 ** 40);
}

test('a link that leaves the release is refused', async () => {
  const directory = writeTree(temporaryDirectory(), { 'a/escape': '-> ../../etc/passwd' });
  await expect(digestTree(directory)).rejects.toMatchObject({
    code: 'archive_invalid',
    message: expect.stringContaining('a/escape'),
  });
});

test('digesting can be interrupted', async () => {
  const files = Object.fromEntries(Array.from({ length: 1200 }, (_, n) => [`${n}.js`, `${n}`]));
  const directory = writeTree(temporaryDirectory(), files);
  await expect(digestTree(directory, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  });
});

test('a second release of the same id is refused and changes nothing', async () => {
  const root = temporaryRoot();
  const sealed = await sealTinyRelease(root, '2026.6.1');
  await expect(sealTinyRelease(root, '2026.6.1', { 'other.js': '' })).rejects.toMatchObject({
    code: 'release_exists',
  });
  expect(await compareTree(releaseDirectory(root, '2026.6.1'), sealed)).toEqual([]);
});

test('a sealed release can be removed by its owner', async () => {
  const root = temporaryRoot();
  await sealTinyRelease(root, '2026.6.1', { 'a/b/c.js': '' });
  removeTree(root, releaseDirectory(root, '2026.6.1'));
  expect(() => readManifest(root, '2026.6.1')).toThrowError(
    expect.objectContaining({ code: 'release_not_found' }),
  );
  expect(() => readFileSync(root.staging)).toThrow('EISDIR');
});
