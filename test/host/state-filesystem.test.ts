import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { measureState } from '../../src/state/snapshot/measure.js';
import { takeSnapshot } from '../../src/state/snapshot/snapshot.js';
import { listSnapshots } from '../../src/state/snapshots.js';
import { smallFilesystem } from '../support/filesystem.js';
import { temporaryDirectory, temporaryRoot, writeTree } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';

const node = await sqliteNode();

function aRequest(files: Record<string, string> = {}) {
  const directory = writeTree(temporaryDirectory('state'), { 'openclaw.json': '{}', ...files });
  const place = { directory, config: null };
  return { root: temporaryRoot(), release: '2026.6.1', change: 'c', place, node };
}

test('a state that would not fit is refused before anything is copied', async () => {
  const disk = smallFilesystem(16);
  const place = { directory: writeTree(join(disk, 'state'), { a: 'x'.repeat(5e6) }), config: null };
  const root = { ...temporaryRoot(), path: join(disk, 'root'), states: join(disk, 'root/states') };
  const asked = { ...aRequest(), place, root: { ...root, staging: join(disk, 'root/staging') } };
  mkdirSync(asked.root.staging, { recursive: true });
  await takeSnapshot(asked);
  await expect(takeSnapshot(asked)).rejects.toMatchObject({ code: 'insufficient_space' });
  expect(listSnapshots(asked.root)).toHaveLength(1);
});

test('a state on another filesystem than the root is refused, and left as it was', async () => {
  const disk = smallFilesystem(8);
  const request = {
    ...aRequest(),
    place: { directory: writeTree(join(disk, 'state'), { a: '' }), config: null },
  };
  await expect(takeSnapshot(request)).rejects.toMatchObject({
    code: 'snapshot_refused',
    message: expect.stringContaining('on another filesystem'),
    hint: expect.stringContaining('--root'),
  });
  expect(readdirSync(request.place.directory)).toEqual(['a']);
  expect(readdirSync(request.root.states)).toEqual([]);
});

test('a mount inside the state is refused, unless it is a part that is left', async () => {
  const request = aRequest({ 'agents/a b/x': '', 'media/x': '' });
  const mount = (path: string) => {
    const target = join(request.place.directory, path);
    execFileSync('mount', ['--bind', target, target]);
    onTestFinished(() => void execFileSync('umount', [target]));
  };
  mount('media');
  expect(measureState(request.place).refused).toEqual([]);
  mount('agents/a b');
  await expect(takeSnapshot(request)).rejects.toMatchObject({
    code: 'snapshot_refused',
    message: expect.stringContaining('"agents/a b" is mounted into the state directory'),
  });
  expect(lstatSync(join(request.place.directory, 'agents')).isDirectory()).toBe(true);
});
