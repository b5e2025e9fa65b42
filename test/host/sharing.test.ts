import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shareEqual } from '../../src/install/process/share-equal.js';
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

const types = SHARING_FILESYSTEMS;

test('there is a filesystem here on which files can share blocks', () => {
  expect(types).toContain('xfs');
});

describe.each(types)('on %s, a dependency of a new release', (type) => {
  const AT = 'node_modules/payload';
  const FILES = {
    [`${AT}/lib/large.bin`]: randomBytes(12 * MIB),
    [`${AT}/lib/tool.sh`]: randomBytes(MIB),
    [`${AT}/lib/small.txt`]: Buffer.from('small'),
  };
  const LARGE = `${AT}/lib/large.bin`;

  /** A sealed release and a new one with the same dependency, on a disk of their own. */
  function releases() {
    const disk = smallFilesystem(400, type);
    const [from, into] = [join(disk, 'old'), join(disk, 'new')];
    for (const [path, bytes] of Object.entries(FILES)) {
      for (const release of [from, into]) mkdirSync(dirname(join(release, path)), { recursive: true });
      const [sealed, open] = path.endsWith('.sh') ? [0o555, 0o755] : [0o444, 0o644];
      writeFileSync(join(from, path), bytes, { mode: sealed });
      writeFileSync(join(into, path), bytes, { mode: open });
    }
    const digest = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
    const list = Object.entries(FILES).map(([path, bytes]) => `${digest(bytes)}  ${path}\n`);
    writeFileSync(join(from, 'files.sha256'), list.join(''));
    writeFileSync(join(from, 'package-lock.json'), '{}');
    const kept = { directory: from, treeDigest: digest(list.join('')) };
    return { disk, from, into, kept };
  }

  test('shares the blocks of its files, and takes no room for them', () => {
    const { disk, into, kept } = releases();
    const before = usedBytes(disk);
    expect(shareEqual(into, { kept: [kept], share: 'auto' })).toBe(13 * MIB + 4_096);
    expect(before - usedBytes(disk)).toBeGreaterThan(12 * MIB);
  });

  test('has files of its own all the same: no second name, the modes of npm, and nothing reaches it', () => {
    const { from, into, kept } = releases();
    shareEqual(into, { kept: [kept], share: 'auto' });
    for (const path of Object.keys(FILES)) {
      const stats = lstatSync(join(into, path));
      expect([stats.nlink, stats.mode & 0o777]).toEqual([1, path.endsWith('.sh') ? 0o755 : 0o644]);
      expect(stats.ino).not.toBe(lstatSync(join(from, path)).ino);
    }
    chmodSync(join(from, LARGE), 0o644);
    writeFileSync(join(from, LARGE), 'other', { flag: 'r+' });
    expect(readFileSync(join(into, LARGE)).equals(FILES[LARGE] as Buffer)).toBe(true);
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
  expect(added.sharedBytes).toBe(4 * MIB + 4 * 4_096);
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
