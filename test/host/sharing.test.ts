import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { takeSnapshot } from '../../src/state/snapshot/snapshot.js';
import { releaseDirectory } from '../../src/store/manifest.js';
import { prepareRoot, type Root, rootAt } from '../../src/store/root.js';
import { sealRelease } from '../../src/store/seal.js';
import { verifyRelease } from '../../src/views/verification.js';
import { SHARING_FILESYSTEMS, smallFilesystem } from '../support/filesystem.js';
import { writeTree } from '../support/place.js';
import { releaseManifest } from '../support/release.js';
import { CLI, makeWorld } from '../support/world.js';

const MIB = 2 ** 20;
const OLD = '2026.6.1';
const NEW = '2026.7.1';

function rootOn(directory: string): Root {
  const root = rootAt(join(directory, 'root'));
  prepareRoot(root);
  return root;
}

async function seal(root: Root, id: string, files: Record<string, Buffer>, signal?: AbortSignal) {
  const staged = join(root.staging, id, 'release');
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(staged, path)), { recursive: true });
    writeFileSync(join(staged, path), bytes, { mode: path.endsWith('.sh') ? 0o755 : 0o644 });
    utimesSync(join(staged, path), 1_700_000_000, 1_700_000_000);
  }
  return sealRelease(root, staged, releaseManifest(id), signal);
}

function usedBytes(directory: string): number {
  execFileSync('sync', ['-f', directory]);
  const { blocks, bfree, bsize } = statfsSync(directory);
  return (blocks - bfree) * bsize;
}

/** Allows this many bytes and a little more: directories, the lists of the release, what is left of a block. */
function near(bytes = 0, expected: number): boolean {
  return bytes >= expected && bytes < expected + MIB / 4;
}

function isIntact(root: Root, id: string): Promise<boolean> {
  return verifyRelease(root, id).then(
    ({ differences }) => differences.length === 0,
    () => false,
  );
}

/** Writes into a file of a release, which nobody should do. */
function overwrite(root: Root, id: string, path: string, change: (path: string) => void): void {
  const at = join(releaseDirectory(root, id), path);
  chmodSync(dirname(at), 0o755);
  if (lstatSync(at, { throwIfNoEntry: false })) chmodSync(at, 0o644);
  change(at);
}

function replaceByDirectory(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

function replaceDirectoryByFile(path: string): void {
  chmodSync(dirname(dirname(path)), 0o755);
  rmSync(dirname(path), { recursive: true });
  writeFileSync(dirname(path), '');
}

function replaceByPipe(path: string): void {
  rmSync(path);
  execFileSync('mkfifo', [path]);
}

const types = SHARING_FILESYSTEMS;

test('there is a filesystem here on which files can share blocks', () => {
  expect(types).toContain('xfs');
});

describe.each(types)('on %s, a new release', (type) => {
  const common = () => ({
    'lib/large.bin': randomBytes(12 * MIB),
    'lib/tool.sh': randomBytes(MIB),
    'lib/small.txt': Buffer.from('small'),
  });

  test('takes what is new in it, as its manifest says, and shares the blocks of the rest', async () => {
    const disk = smallFilesystem(400, type);
    const root = rootOn(disk);
    const files = common();
    const old = await seal(root, OLD, files);
    expect(old.sharedBytes).toBe(0);
    expect(near(old.addedBytes, 13 * MIB)).toBe(true);
    const before = usedBytes(disk);
    const own = { 'lib/own.bin': randomBytes(3 * MIB), 'moved/elsewhere.bin': files['lib/large.bin'] };
    const manifest = await seal(root, NEW, { ...files, ...own });
    const added = usedBytes(disk) - before;
    expect(manifest.bytes).toBe(28 * MIB + 5);
    expect(manifest.sharedBytes).toBe(25 * MIB);
    expect(near(manifest.addedBytes, 3 * MIB)).toBe(true);
    expect(Math.abs(added - (manifest.addedBytes ?? 0))).toBeLessThan(MIB);
  });

  test('has files of its own all the same: no second name, its own modes and times, and nothing reaches it', async () => {
    const root = rootOn(smallFilesystem(400, type));
    const files = common();
    await seal(root, OLD, files);
    await seal(root, NEW, files);
    const stats = (id: string, path: string) => lstatSync(join(releaseDirectory(root, id), path));
    for (const [path, mode] of [
      ['lib/large.bin', 0o444],
      ['lib/tool.sh', 0o555],
    ] as const) {
      expect(stats(NEW, path)).toMatchObject({ nlink: 1, mtimeMs: 1_700_000_000_000 });
      expect(stats(NEW, path).mode & 0o777).toBe(mode);
      expect(stats(NEW, path).ino).not.toBe(stats(OLD, path).ino);
    }
    // A single byte would equal the existing one once in 256 times.
    overwrite(root, OLD, 'lib/large.bin', (path) => writeFileSync(path, 'other', { flag: 'r+' }));
    expect([await isIntact(root, OLD), await isIntact(root, NEW)]).toEqual([false, true]);
    chmodSync(releaseDirectory(root, OLD), 0o755);
    chmodSync(join(releaseDirectory(root, OLD), 'lib'), 0o755);
    rmSync(releaseDirectory(root, OLD), { recursive: true });
    expect(await isIntact(root, NEW)).toBe(true);
    expect(
      readFileSync(join(releaseDirectory(root, NEW), 'lib/large.bin')).equals(files['lib/large.bin']),
    ).toBe(true);
  });

  test.each<[string, string, (path: string) => void, number?]>([
    ['has other bytes', 'lib/large.bin', (path) => writeFileSync(path, 'other', { flag: 'r+' })],
    ['was cut off', 'lib/large.bin', (path) => truncateSync(path, MIB)],
    ['is gone', 'lib/large.bin', (path) => rmSync(path)],
    ['is a directory', 'lib/large.bin', replaceByDirectory],
    ['has a file for its directory', 'lib/large.bin', replaceDirectoryByFile, 0],
    ['is a pipe', 'lib/large.bin', replaceByPipe],
  ])('gets nothing of an earlier one in which a file %s', async (_, path, damage, shared = MIB) => {
    const root = rootOn(smallFilesystem(400, type));
    const files = common();
    await seal(root, OLD, files);
    overwrite(root, OLD, path, damage);
    const manifest = await seal(root, NEW, files);
    expect(manifest.sharedBytes).toBe(shared);
    expect([await isIntact(root, OLD), await isIntact(root, NEW)]).toEqual([false, true]);
    expect(readdirSync(join(root.staging, NEW))).toEqual([]);
  });

  test('is whole when the list of an earlier one is gone, or tells lies', async () => {
    const root = rootOn(smallFilesystem(400, type));
    const files = common();
    await seal(root, OLD, files);
    overwrite(root, OLD, 'files.sha256', (path) =>
      writeFileSync(path, readFileSync(path, 'utf8').replace('lib/large.bin', '../../../etc')),
    );
    expect((await seal(root, NEW, files)).sharedBytes).toBe(MIB);
    for (const id of [OLD, NEW]) overwrite(root, id, 'files.sha256', (path) => rmSync(path));
    const manifest = await seal(root, '2026.8.1', files);
    expect(manifest.sharedBytes).toBe(0);
    expect(await isIntact(root, '2026.8.1')).toBe(true);
  });

  test('that is interrupted is no release, and leaves the earlier one as it was', async () => {
    const root = rootOn(smallFilesystem(400, type));
    const many = Object.fromEntries(
      Array.from({ length: 450 }, (_, n) => [`lib/${n}.bin`, randomBytes(20 * 1024)]),
    );
    await seal(root, OLD, many);
    const stop = new AbortController();
    // Comes after the digests, of which there is one turn, and before the third turn of clones.
    const sealing = seal(root, NEW, many, stop.signal);
    const watch = setInterval(() => {
      const first = lstatSync(join(root.staging, NEW, 'release/lib/0.bin'), { throwIfNoEntry: false });
      if (first && first.ctimeMs > began) stop.abort();
    }, 0);
    const began = Date.now();
    await expect(sealing.finally(() => clearInterval(watch))).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(root.releases)).toEqual([OLD]);
    expect(readdirSync(join(root.staging, NEW))).toEqual(['release']);
    expect(await isIntact(root, OLD)).toBe(true);
  });
});

describe.each(types)('on %s, a copy takes no room for its content:', (type) => {
  test('of the state', async () => {
    const disk = smallFilesystem(400, type);
    const root = rootOn(disk);
    const directory = writeTree(join(disk, 'state'), { 'openclaw.json': '{}' });
    writeFileSync(join(directory, 'plain.bin'), randomBytes(6 * MIB));
    mkdirSync(join(directory, 'agents/main/sessions'), { recursive: true });
    writeFileSync(join(directory, 'agents/main/sessions/a.jsonl'), randomBytes(6 * MIB).toString('hex'));
    const before = usedBytes(disk);
    const place = { directory, config: null };
    const { kept } = await takeSnapshot({ root, release: OLD, change: 'c', place, node: process.execPath });
    expect(kept.bytes).toBeGreaterThan(6 * MIB);
    expect(readdirSync(join(root.states, kept.name))).toContain('history');
    expect(usedBytes(disk) - before).toBeLessThan(MIB);
  });
});

test('a release is made without shared blocks where none can be shared', async () => {
  const root = rootOn(smallFilesystem(64));
  const files = { 'large.bin': randomBytes(MIB) };
  await seal(root, OLD, files);
  const manifest = await seal(root, NEW, files);
  expect(manifest.sharedBytes).toBe(0);
  expect(near(manifest.addedBytes, MIB)).toBe(true);
  expect(readdirSync(join(root.staging, NEW))).toEqual([]);
  expect(await isIntact(root, NEW)).toBe(true);
});

test('"list" and "show" say what a release added', async () => {
  const disk = smallFilesystem(4_000, 'xfs');
  const world = await makeWorld(undefined, { rootIn: () => join(disk, 'root') });
  const payload = randomBytes(2 * MIB).toString('hex');
  for (const version of [OLD, NEW]) {
    world.registry.publish({
      name: 'payload',
      version,
      files: { 'package.json': JSON.stringify({ name: 'payload', version }), 'payload.txt': payload },
    });
    world.publish(version, { dependencies: { 'tiny-dep': '^1.0.0', payload: version } });
    await world.ok('stage', version);
  }
  const { releases } = await world.ok('list');
  const [old, added] = releases;
  expect(old).toMatchObject({ sharedBytes: 0 });
  expect(added.sharedBytes).toBe(4 * MIB);
  const { addedBytes, sharedBytes } = await world.ok('show', NEW);
  expect([addedBytes, sharedBytes]).toEqual([added.addedBytes, added.sharedBytes]);
  const text = execFileSync(world.node, [CLI, 'list'], { env: world.env, encoding: 'utf8' });
  expect(text).toMatch(/SIZE +ADDED/);
  expect(text).toMatch(/2026\.7\.1 .* 4 MiB +0 MiB/);
  const one = execFileSync(world.node, [CLI, 'show', NEW], { env: world.env, encoding: 'utf8' });
  expect(one).toMatch(/added to the disk +0 MiB when it was staged, and 4 MiB that releases share/);
  expect(await world.ok('prune', '--dry-run', '--keep', '1')).toMatchObject({
    remove: [{ id: OLD, shares: true }],
  });
});
