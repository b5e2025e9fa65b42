import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyPackage } from '../../src/install/process/copy.js';
import { takeSnapshot } from '../../src/state/snapshot/snapshot.js';
import { prepareRoot, type Root, rootAt } from '../../src/store/root.js';
import { SHARING_FILESYSTEMS, smallFilesystem } from '../support/filesystem.js';
import { writeTree } from '../support/place.js';
import { CLI, makeWorld } from '../support/world.js';

const MIB = 2 ** 20;
const OLD = '2026.6.1';
const NEW = '2026.7.1';

function rootOn(directory: string): Root {
  const root = rootAt(join(directory, 'root'));
  prepareRoot(root);
  return root;
}

function usedBytes(directory: string): number {
  execFileSync('sync', ['-f', directory]);
  const { blocks, bfree, bsize } = statfsSync(directory);
  return (blocks - bfree) * bsize;
}

function replaceByDirectory(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

function replaceByPipe(path: string): void {
  rmSync(path);
  execFileSync('mkfifo', [path]);
}

const types = SHARING_FILESYSTEMS;

test('there is a filesystem here on which files can share blocks', () => {
  expect(types).toContain('xfs');
});

describe.each(types)('on %s, a package of a new release', (type) => {
  const FILES = {
    'lib/large.bin': randomBytes(12 * MIB),
    'lib/tool.sh': randomBytes(MIB),
    'lib/small.txt': Buffer.from('small'),
  };

  /** A package of a sealed release, and a place for its copy, on a disk of their own. */
  function sealed() {
    const disk = smallFilesystem(400, type);
    const from = join(disk, 'old');
    for (const [path, bytes] of Object.entries(FILES)) {
      mkdirSync(dirname(join(from, path)), { recursive: true });
      writeFileSync(join(from, path), bytes, { mode: path.endsWith('.sh') ? 0o555 : 0o444 });
    }
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    const files = Object.entries(FILES).map(([path, bytes]): [string, string] => [path, digest(bytes)]);
    return { disk, from, files, laidOutMs: Date.now() + 1_000, into: join(disk, 'new') };
  }

  test('shares the blocks of its files, and takes no room for them', () => {
    const { disk, into, ...copy } = sealed();
    const before = usedBytes(disk);
    expect(copyPackage(copy, into, 'auto')).toBe(13 * MIB + 4_096);
    expect(usedBytes(disk) - before).toBeLessThan(MIB);
  });

  test('has files of its own all the same: no second name, the modes of npm, and nothing reaches it', () => {
    const { into, ...copy } = sealed();
    copyPackage(copy, into, 'auto');
    for (const [path, mode] of [
      ['lib/large.bin', 0o644],
      ['lib/tool.sh', 0o755],
      ['lib/small.txt', 0o644],
    ] as const) {
      const stats = lstatSync(join(into, path));
      expect([stats.nlink, stats.mode & 0o777]).toEqual([1, mode]);
      expect(stats.ino).not.toBe(lstatSync(join(copy.from, path)).ino);
    }
    chmodSync(join(copy.from, 'lib/large.bin'), 0o644);
    writeFileSync(join(copy.from, 'lib/large.bin'), 'other', { flag: 'r+' });
    expect(readFileSync(join(into, 'lib/large.bin')).equals(FILES['lib/large.bin'])).toBe(true);
  });

  test.each<[string, (path: string) => void]>([
    ['has other bytes', (path) => writeFileSync(path, 'other', { flag: 'r+' })],
    ['was cut off', (path) => truncateSync(path, MIB)],
    ['is gone', (path) => rmSync(path)],
    ['is a directory', replaceByDirectory],
    ['is a pipe', replaceByPipe],
  ])('is not copied from a release in which a file %s', (_, damage) => {
    const { into, ...copy } = sealed();
    const path = join(copy.from, 'lib/large.bin');
    if (lstatSync(path).isFile()) chmodSync(path, 0o644);
    damage(path);
    expect(() => copyPackage({ ...copy, laidOutMs: Date.now() + 1_000 }, into, 'auto')).toThrow(/./);
  });
});

test('a package is copied where neither blocks nor files may be shared', () => {
  const disk = smallFilesystem(64);
  const from = writeTree(join(disk, 'old'), { 'large.txt': 'x'.repeat(MIB) });
  const sha256 = createHash('sha256').update('x'.repeat(MIB)).digest('hex');
  const copy = {
    from,
    files: [['large.txt', sha256] as [string, string]],
    laidOutMs: Date.now() + 1_000,
  };
  expect(copyPackage(copy, join(disk, 'new'), 'reflink')).toBe(0);
  expect(lstatSync(join(disk, 'new/large.txt')).size).toBe(MIB);
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

test('"list" and "show" say what a release added', async () => {
  const disk = smallFilesystem(4_000, 'xfs');
  const world = await makeWorld(undefined, { rootIn: () => join(disk, 'root') });
  const payload = randomBytes(2 * MIB).toString('hex');
  world.registry.publish({
    name: 'payload',
    version: '1.0.0',
    files: {
      'package.json': JSON.stringify({ name: 'payload', version: '1.0.0' }),
      'payload.txt': payload,
    },
  });
  for (const version of [OLD, NEW]) {
    world.publish(version, { dependencies: { 'tiny-dep': '^1.0.0', payload: '1.0.0' } });
    await world.ok('stage', version);
  }
  const { releases } = await world.ok('list');
  const [old, added] = releases;
  expect(old).toMatchObject({ sharedBytes: 0 });
  expect(added.sharedBytes).toBe(4 * MIB + 4_096);
  const { addedBytes, sharedBytes } = await world.ok('show', NEW);
  expect([addedBytes, sharedBytes]).toEqual([added.addedBytes, added.sharedBytes]);
  const text = execFileSync(world.node, [CLI, 'list'], { env: world.env, encoding: 'utf8' });
  expect(text).toMatch(/SIZE +ADDED/);
  expect(text).toMatch(/2026\.7\.1 .* 4(\.\d)? MiB +\d+ [KM]?i?B/);
  const one = execFileSync(world.node, [CLI, 'show', NEW], { env: world.env, encoding: 'utf8' });
  expect(one).toMatch(/added to the disk +[\d.]+ [KM]?i?B when it was staged, and 4 MiB that releases share/);
  expect(await world.ok('prune', '--dry-run', '--keep', '1')).toMatchObject({
    remove: [{ id: OLD, shares: true }],
  });
});
