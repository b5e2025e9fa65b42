import { chmodSync, mkdirSync, readdirSync, rmdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkRoot, prepareRoot, rootAt } from '../../../src/store/root.js';
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
  ])('a root %s is refused, and nothing is made above it', (_, path) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    symlinkSync('loop', join(directory, 'loop'));
    expect(() => prepareRoot(rootAt(join(directory, path)))).toThrow(
      expect.objectContaining({ code: 'root_invalid' }),
    );
    expect(readdirSync(directory).sort()).toEqual(['file', 'loop']);
  });

  test('a root through a link of this user is the one behind it', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'disk'));
    symlinkSync('disk', join(directory, 'home'));
    const root = rootAt(join(directory, 'home/r'));
    prepareRoot(root);
    expect(root.releases).toBe(join(directory, 'disk/r/releases'));
    expect(readdirSync(join(directory, 'disk/r'))).toContain('releases');
  });

  test('a root that is a link is refused, also with a slash behind it', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'disk'));
    symlinkSync('disk', join(directory, 'root'));
    for (const typed of ['root', 'root/', 'root//']) {
      expect(() => checkRoot(rootAt(`${directory}/${typed}`)), typed).toThrow(
        expect.objectContaining({ code: 'root_invalid' }),
      );
    }
  });

  test('a link on the way through a directory that others can write to is refused, wherever it leads', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'open/own'), { recursive: true });
    mkdirSync(join(directory, 'disk'));
    symlinkSync('../../disk', join(directory, 'open/own/home'));
    chmodSync(join(directory, 'open'), 0o777);
    const root = rootAt(join(directory, 'open/own/home/r'));
    expect(root.path).toBe(join(directory, 'disk/r'));
    expect(() => prepareRoot(root)).toThrow(
      expect.objectContaining({ code: 'root_invalid', hint: `chmod go-w ${join(directory, 'open')}` }),
    );
  });

  test.each(['new\nline', 'newline\n', 'escape\u001b[2J', 'nul\0', 'bytes\ufffd'])(
    'a root is refused that no unit file can name: %j',
    (name) => {
      const directory = temporaryDirectory();
      expect(() => prepareRoot(rootAt(join(directory, name)))).toThrow(
        expect.objectContaining({ code: 'root_invalid' }),
      );
      expect(readdirSync(directory)).toEqual([]);
    },
  );

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
