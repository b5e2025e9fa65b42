import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bootId } from '../../src/host/process.js';
import { acquireLock, readLockOwner } from '../../src/store/lock.js';
import { prepareRoot, type Root, rootAt } from '../../src/store/root.js';
import { smallFilesystem } from '../support/filesystem.js';

/** Files of the lock and of its breaking in the root. */
const left = (root: Root) => readdirSync(root.path).filter((name) => name.startsWith('lock'));

const expectFree = async (root: Root) => {
  await (await acquireLock(root, 'next'))();
  expect(left(root)).toEqual([]);
};

/** Fills a filesystem to the last byte, and is sure that it did. */
function fill(mountPoint: string): void {
  for (const size of ['1M', '1K', '1']) {
    try {
      execFileSync('dd', ['if=/dev/zero', `of=${mountPoint}/filler-${size}`, `bs=${size}`], {
        stdio: 'ignore',
      });
    } catch {}
  }
  expect(() => mkdirSync(join(mountPoint, 'no block for a directory'))).toThrow('ENOSPC');
}

describe('on a disk with no byte free', () => {
  function fullRoot(prepare: (root: Root) => void = () => {}): Root {
    const mountPoint = smallFilesystem(8);
    const root = rootAt(join(mountPoint, 'root'));
    prepareRoot(root);
    prepare(root);
    fill(mountPoint);
    return root;
  }

  test('the lock is taken, names its owner, and is released', async () => {
    const root = fullRoot();
    const unlock = await acquireLock(root, 'rollback');
    expect(readLockOwner(root)).toMatchObject({ pid: process.pid, doing: null });
    await expect(acquireLock(root, 'next')).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining(`process ${process.pid} since `),
    });
    await unlock();
    await expectFree(root);
  });

  test('a dead lock is broken', async () => {
    const root = fullRoot(({ lock }) => symlinkSync(`${process.pid}.1.${bootId()}`, lock));
    await expectFree(root);
  });

  test('a directory in its place is moved away', async () => {
    const root = fullRoot(({ lock }) => {
      mkdirSync(lock);
      writeFileSync(join(lock, 'mine'), 'kept');
    });
    await (await acquireLock(root, 'rollback'))();
    expect(left(root)).toEqual([]);
    const name = readdirSync(root.path).find((other) => other.startsWith('corrupt')) ?? '';
    expect(readFileSync(join(root.path, name, 'mine'), 'utf8')).toBe('kept');
  });
});
