import { createHash } from 'node:crypto';
import { chmodSync, constants, copyFileSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { PackageCopy } from '../../../../src/install/process/reuse.js';
import type { Share } from '../../../../src/store/policy.js';
import { temporaryDirectory, writeTree } from '../../../support/place.js';

const real = await vi.importActual<typeof import('node:fs')>('node:fs');

vi.mock('node:fs', async () => {
  const fs = await vi.importActual<typeof import('node:fs')>('node:fs');
  return { ...fs, copyFileSync: vi.fn() };
});

const FILES = {
  'package.json': '{"name":"plain"}',
  'lib/large.js': 'x'.repeat(20_000),
  'run.js': '#!node\n',
};
const PROGRAM = 'run.js';

/** A filesystem that cannot clone, as on most hosts. */
beforeEach(() => {
  vi.resetModules();
  vi.mocked(copyFileSync)
    .mockReset()
    .mockImplementation(() => {
      throw Object.assign(new Error('EOPNOTSUPP'), { code: 'EOPNOTSUPP', syscall: 'copyfile' });
    });
});

function sealedPackage(damage: (path: string) => void = () => {}) {
  const place = temporaryDirectory('copy');
  const from = writeTree(join(place, 'old'), FILES);
  for (const name of Object.keys(FILES)) chmodSync(join(from, name), name === PROGRAM ? 0o555 : 0o444);
  damage(join(from, 'lib/large.js'));
  const files = Object.entries(FILES).map(([name, text]): [string, string] => {
    return [name, createHash('sha256').update(text).digest('hex')];
  });
  const copy = { from, files, laidOutMs: Date.now() + 60_000 };
  return { copy, from, into: join(place, 'new') };
}

async function copied(copy: PackageCopy, into: string, share: Share = 'auto'): Promise<number> {
  const { copyPackage } = await import('../../../../src/install/process/copy.js');
  return copyPackage(copy, into, share);
}

describe('a package of a kept release', () => {
  test.each<Share>(['auto', 'reflink', 'none'])(
    'is copied on a filesystem without clones (%s)',
    async (share) => {
      const { copy, from, into } = sealedPackage();
      expect(await copied(copy, into, share)).toBe(0);
      for (const [name, text] of Object.entries(FILES)) {
        expect(readFileSync(join(into, name), 'utf8')).toBe(text);
        expect(lstatSync(join(into, name)).mode & 0o777).toBe(name === PROGRAM ? 0o755 : 0o644);
        expect(lstatSync(join(from, name)).nlink).toBe(1);
      }
      // Learned from the first file.
      expect(vi.mocked(copyFileSync)).toHaveBeenCalledTimes(share === 'none' ? 0 : 1);
    },
  );

  test('is cloned where the filesystem can', async () => {
    vi.mocked(copyFileSync).mockImplementation((from, to, how = 0) =>
      real.copyFileSync(from, to, how & ~constants.COPYFILE_FICLONE_FORCE),
    );
    const { copy, into } = sealedPackage();
    expect(await copied(copy, into)).toBeGreaterThan(20_000);
    expect(lstatSync(join(into, 'package.json')).mode & 0o777).toBe(0o644);
  });

  test.each<Share>(['auto', 'none'])('is refused with one other byte (%s)', async (share) => {
    const { copy, into } = sealedPackage((path) => {
      chmodSync(path, 0o644);
      writeFileSync(path, 'y', { flag: 'a' });
    });
    await expect(copied(copy, into, share)).rejects.toMatchObject({ code: 'ESTALE' });
  });

  test('is refused where a file is younger than the release', async () => {
    const { copy, into } = sealedPackage();
    await expect(copied({ ...copy, laidOutMs: 1 }, into)).rejects.toMatchObject({ code: 'ESTALE' });
  });
});
