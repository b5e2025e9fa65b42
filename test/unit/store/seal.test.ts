import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { closeSealed, sealRuntime } from '../../../src/store/seal.js';
import { temporaryDirectory, temporaryRoot, writeTree } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

const did = vi.hoisted(() => ({ calls: [] as string[] }));

/** Real calls, each recorded. */
vi.mock('../../../src/host/sync.js', async (original) => {
  const sync = await original<typeof import('../../../src/host/sync.js')>();
  const syncFilesystem = (path: string) => {
    did.calls.push('sync');
    return sync.syncFilesystem(path);
  };
  return { ...sync, syncFilesystem };
});
vi.mock('../../../src/host/durable.js', async (original) => {
  const durable = await original<typeof import('../../../src/host/durable.js')>();
  return {
    ...durable,
    writeFileDurably: (...args: Parameters<typeof durable.writeFileDurably>) => {
      did.calls.push(`write ${args[0].split('/').at(-1)}`);
      durable.writeFileDurably(...args);
    },
    renameDurably: (...args: Parameters<typeof durable.renameDurably>) => {
      did.calls.push(`rename ${args[2]}`);
      durable.renameDurably(...args);
    },
    fsyncDirectory: (path: string) => {
      did.calls.push(`fsync ${path.split('/').at(-1)}`);
      durable.fsyncDirectory(path);
    },
  };
});

beforeEach(() => {
  did.calls = [];
});

test('a release is on disk before its manifest, has its manifest before its name, and is closed last', async () => {
  await sealTinyRelease(temporaryRoot(), '2026.6.1');
  expect(did.calls).toEqual(['sync', 'write release.json', 'rename release', 'fsync 2026.6.1']);
});

test('a Node is on disk before its name, and is closed last', async () => {
  const root = temporaryRoot();
  const staged = join(root.staging, 'node');
  mkdirSync(staged, { recursive: true });
  writeTree(staged, { 'bin/node': '' });
  await sealRuntime(root, staged, 'node-24.21.0');
  expect(did.calls).toEqual(['sync', 'rename runtime', 'fsync node-24.21.0']);
});

test('a link in the place of a runtime, also one to nothing, changes no mode behind it', () => {
  const root = temporaryRoot();
  const elsewhere = temporaryDirectory();
  chmodSync(elsewhere, 0o755);
  symlinkSync(elsewhere, join(root.runtimes, 'node-24.21.0'));
  symlinkSync('/nowhere', join(root.runtimes, 'node-24.21.1'));
  closeSealed(root);
  expect(statSync(elsewhere).mode & 0o777).toBe(0o755);
});
