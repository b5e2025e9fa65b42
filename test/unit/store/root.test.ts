import { mkdirSync, readdirSync, rmdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { prepareRoot, rootAt } from '../../../src/store/root.js';
import { temporaryDirectory } from '../../support/place.js';

describe('prepareRoot', () => {
  test('makes the root and every missing directory above it, for its user alone', () => {
    const root = rootAt(join(temporaryDirectory(), 'a/b/root'));
    prepareRoot(root);
    expect(readdirSync(root.path).sort()).toEqual(['bin', 'changes', 'releases', 'runtimes', 'staging']);
    for (const path of [root.path, join(root.path, '..'), root.staging]) {
      expect(statSync(path).mode & 0o777, path).toBe(0o700);
    }
  });

  test('makes what is missing of a root, and leaves the rest', () => {
    const root = rootAt(temporaryDirectory());
    prepareRoot(root);
    writeFileSync(join(root.releases, 'kept'), '');
    rmdirSync(root.staging);
    prepareRoot(root);
    expect([readdirSync(root.releases), readdirSync(root.staging)]).toEqual([['kept'], []]);
  });

  test('a place where the kernel makes no directory is refused, and the call returns', () => {
    expect(() => prepareRoot(rootAt('/proc/openclaw-releases'))).toThrow(
      expect.objectContaining({ code: 'root_unwritable' }),
    );
  });

  test.each([
    ['below a file', 'file/a/b'],
    ['below a loop of links', 'loop/a/b'],
    ['with a name that is too long', `${'x'.repeat(300)}/a`],
  ])('a root %s is refused', (_, path) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    symlinkSync('loop', join(directory, 'loop'));
    expect(() => prepareRoot(rootAt(join(directory, path)))).toThrow(
      expect.objectContaining({ code: 'root_invalid' }),
    );
  });

  test('a file in the place of a directory is refused', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    expect(() => prepareRoot(rootAt(join(directory, 'file')))).toThrow(
      expect.objectContaining({ code: 'root_invalid' }),
    );
    mkdirSync(join(directory, 'root'));
    writeFileSync(join(directory, 'root/staging'), '');
    expect(() => prepareRoot(rootAt(join(directory, 'root')))).toThrow(
      expect.objectContaining({ code: 'root_unwritable' }),
    );
  });
});
