import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { PackageCopy } from '../../../../src/install/process/reuse.js';
import type { Share } from '../../../../src/store/policy.js';
import { temporaryDirectory, writeTree } from '../../../support/place.js';

const real = await vi.importActual<typeof import('node:fs')>('node:fs');

vi.mock('node:fs', async () => {
  const fs = await vi.importActual<typeof import('node:fs')>('node:fs');
  return { ...fs, linkSync: vi.fn(), copyFileSync: vi.fn() };
});

const FILES = {
  'package.json': '{"name":"plain"}',
  'lib/large.js': 'x'.repeat(20_000),
  'run.js': '#!node\n',
};
const PROGRAM = 'run.js';

function fails(code: string): () => never {
  return () => {
    throw Object.assign(new Error(code), { code, syscall: 'link' });
  };
}

/** A filesystem that cannot clone, as on most hosts. */
beforeEach(() => {
  vi.resetModules();
  vi.mocked(linkSync).mockReset().mockImplementation(real.linkSync);
  vi.mocked(copyFileSync).mockReset().mockImplementation(fails('EOPNOTSUPP'));
});

function sealedPackage(change: (path: (name: string) => string) => void = () => {}) {
  const place = temporaryDirectory('copy');
  const from = writeTree(join(place, 'old'), FILES);
  for (const name of Object.keys(FILES)) chmodSync(join(from, name), name === PROGRAM ? 0o555 : 0o444);
  const laidOutMs = Date.now();
  change((name) => join(from, name));
  const files = Object.entries(FILES).map(([name, text]): [string, string] => {
    return [name, createHash('sha256').update(text).digest('hex')];
  });
  const copy = { from, files, laidOutMs: laidOutMs + 60_000, isLinkable: true, hasPrograms: true };
  return { copy, from, into: join(place, 'new') };
}

async function copied(copy: PackageCopy, into: string, share: Share = 'auto'): Promise<number> {
  const { copyPackage } = await import('../../../../src/install/process/copy.js');
  return copyPackage(copy, into, share);
}

/** Names of the files that are those of the kept release. */
function shared({ copy, into }: { copy: PackageCopy; into: string }): string[] {
  return copy.files
    .map(([name]) => name)
    .filter((name) => lstatSync(join(copy.from, name)).ino === lstatSync(join(into, name)).ino);
}

const DATA = ['lib/large.js', 'package.json'];

describe('a package of a kept release', () => {
  test('is shared file by file, but for the programs that npm makes executable', async () => {
    const { copy, from, into } = sealedPackage();
    const block = real.statfsSync(from).bsize;
    expect(await copied(copy, into)).toBe((Math.ceil(20_000 / block) + 1) * block);
    expect(shared({ copy, into }).sort()).toEqual(DATA);
    for (const [name, text] of Object.entries(FILES)) {
      expect(readFileSync(join(into, name), 'utf8')).toBe(text);
      expect(lstatSync(join(from, name)).mode & 0o777).toBe(name === PROGRAM ? 0o555 : 0o444);
    }
    expect(lstatSync(join(into, PROGRAM)).mode & 0o777).toBe(0o755);
  });

  test('is shared with its executable files where npm makes none of them a program', async () => {
    const { copy, into } = sealedPackage();
    await copied({ ...copy, hasPrograms: false }, into);
    expect(shared({ copy, into }).sort()).toEqual([...DATA, PROGRAM].sort());
  });

  test.each<[string, Share, Partial<PackageCopy>]>([
    ['on a filesystem without clones, where no links are wanted', 'reflink', {}],
    ['where nothing may be shared', 'none', {}],
    ['below OpenClaw', 'auto', { isLinkable: false }],
  ])('is copied %s', async (_, share, more) => {
    const { copy, into } = sealedPackage();
    expect(await copied({ ...copy, ...more }, into, share)).toBe(0);
    expect(shared({ copy, into })).toEqual([]);
    expect(lstatSync(join(into, 'package.json')).mode & 0o777).toBe(0o644);
    expect(vi.mocked(linkSync)).not.toHaveBeenCalled();
    expect(vi.mocked(copyFileSync)).toHaveBeenCalledTimes(share === 'none' ? 0 : 1);
  });

  test('is cloned where the filesystem can, and never linked there', async () => {
    vi.mocked(copyFileSync).mockImplementation((from, to, how = 0) =>
      real.copyFileSync(from, to, how & ~constants.COPYFILE_FICLONE_FORCE),
    );
    const { copy, into } = sealedPackage();
    expect(await copied(copy, into)).toBeGreaterThan(20_000);
    expect(shared({ copy, into })).toEqual([]);
    expect(vi.mocked(linkSync)).not.toHaveBeenCalled();
  });

  test.each([
    ['EXDEV', 1],
    ['EPERM', 1],
    ['EOPNOTSUPP', 1],
    // Another file may have room for one more name.
    ['EMLINK', 2],
  ])('is copied where a link fails with %s', async (code, tries) => {
    vi.mocked(linkSync).mockImplementation(fails(code));
    const { copy, into } = sealedPackage();
    expect(await copied(copy, into)).toBe(0);
    expect(readFileSync(join(into, 'lib/large.js'), 'utf8')).toBe(FILES['lib/large.js']);
    expect(vi.mocked(linkSync)).toHaveBeenCalledTimes(tries);
  });

  test('is copied where its name leads to another file meanwhile', async () => {
    vi.mocked(linkSync).mockImplementation((_, to) => writeFileSync(to, 'of another'));
    const { copy, into } = sealedPackage();
    expect(await copied(copy, into)).toBe(0);
    expect(readFileSync(join(into, 'package.json'), 'utf8')).toBe(FILES['package.json']);
  });

  test.each<[string, (path: string) => void]>([
    ['is writable', (path) => chmodSync(path, 0o644)],
    ['has other permissions than a new file would get', (path) => chmodSync(path, 0o440)],
    ['has the mark of another user', (path) => chmodSync(path, 0o4444)],
  ])('shares no file that %s', async (_, change) => {
    const { copy, into } = sealedPackage((path) => change(path('lib/large.js')));
    await copied(copy, into);
    expect(shared({ copy, into })).toEqual(['package.json']);
  });

  test('shares no file of another user', async () => {
    const other = vi.spyOn(process, 'geteuid').mockReturnValue(12_345);
    const { copy, into } = sealedPackage();
    expect(await copied(copy, into)).toBe(0);
    expect(shared({ copy, into })).toEqual([]);
    other.mockRestore();
  });

  test.each<Share>(['auto', 'none'])(
    'is refused with one other byte, which stays alone (%s)',
    async (share) => {
      const { copy, from, into } = sealedPackage((path) => {
        chmodSync(path('lib/large.js'), 0o644);
        appendFileSync(path('lib/large.js'), 'y');
        chmodSync(path('lib/large.js'), 0o444);
      });
      await expect(copied(copy, into, share)).rejects.toMatchObject({ code: 'ESTALE' });
      rmSync(into, { recursive: true });
      expect(lstatSync(join(from, 'lib/large.js'))).toMatchObject({ nlink: 1, size: 20_001 });
    },
  );

  test('is refused where a file is younger than the release', async () => {
    const { copy, into } = sealedPackage();
    const { writtenFile } = await import('../../../../src/install/process/copy.js');
    expect(writtenFile(copy)).toBeNull();
    await expect(copied({ ...copy, laidOutMs: 1 }, into)).rejects.toMatchObject({ code: 'ESTALE' });
    expect(writtenFile({ ...copy, laidOutMs: 1 })).toBe(join(copy.from, 'package.json'));
  });
});
