import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { KeptRelease } from '../../../../src/install/process/reuse.js';
import { shareEqual } from '../../../../src/install/process/share-equal.js';
import type { Share } from '../../../../src/store/policy.js';
import { temporaryDirectory, writeTree } from '../../../support/place.js';

const real = await vi.importActual<typeof import('node:fs')>('node:fs');

vi.mock('node:fs', async () => {
  const fs = await vi.importActual<typeof import('node:fs')>('node:fs');
  return { ...fs, copyFileSync: vi.fn(), linkSync: vi.fn() };
});

const AT = 'node_modules/plain';
const FILES: Record<string, string> = {
  [`${AT}/lib/large.js`]: 'x'.repeat(20_000),
  [`${AT}/package.json`]: '{"name":"plain"}',
  [`${AT}/run.js`]: '#!node\n',
};
const OWN = 'node_modules/openclaw/node_modules/plugin/index.js';
const NAMES = Object.keys(FILES);
const [LARGE, PACKAGE, PROGRAM] = NAMES as [string, string, string];

/** A filesystem that cannot clone, as on most hosts. */
beforeEach(() => {
  vi.mocked(linkSync).mockReset().mockImplementation(real.linkSync);
  vi.mocked(copyFileSync)
    .mockReset()
    .mockImplementation(() => {
      throw Object.assign(new Error('EOPNOTSUPP'), { code: 'EOPNOTSUPP', syscall: 'copyfile' });
    });
});

function canClone(): void {
  vi.mocked(copyFileSync).mockImplementation((from, to, how = 0) =>
    real.copyFileSync(from, to, how & ~constants.COPYFILE_FICLONE_FORCE),
  );
}

/** A sealed release, and a new release before its seal, as scripts left it. */
function releases(change: (at: { from: string; into: string }) => void = () => {}) {
  const place = temporaryDirectory('link');
  const all = { ...FILES, [OWN]: 'of a plugin' };
  const [from, into] = ['old', 'new'].map((name) => writeTree(join(place, name), all)) as [string, string];
  for (const name of Object.keys(all)) {
    const isProgram = name === PROGRAM;
    chmodSync(join(from, name), isProgram ? 0o555 : 0o444);
    chmodSync(join(into, name), isProgram ? 0o755 : 0o644);
  }
  for (const directory of [AT, `${AT}/lib`]) utimesSync(join(into, directory), 1_000_000, 1_000_000);
  const list = Object.entries(all).map(([name, text]) => `${sha256(text)}  ${name}\n`);
  const text = `${list.join('')}# plain -> ../plain\n`;
  writeTree(from, { 'package-lock.json': '{}', 'files.sha256': text });
  utimesSync(join(from, 'package-lock.json'), new Date(), new Date(Date.now() + 60_000));
  change({ from, into });
  const kept: KeptRelease = { directory: from, treeDigest: sha256(text) };
  return { kept, from, into };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Keeps size, time and permissions. */
function damage(path: string): void {
  const { atime, mtime } = statSync(path);
  chmodSync(path, 0o644);
  writeFileSync(path, 'y', { flag: 'r+' });
  chmodSync(path, 0o444);
  utimesSync(path, atime, mtime);
}

function replaceByLink(path: string): void {
  rmSync(path);
  real.symlinkSync('missing', path);
}

/** Names of the files that are those of the kept release. */
const shared = ({ from, into }: { from: string; into: string }) =>
  [...NAMES, OWN].filter((name) => lstatSync(join(from, name)).ino === lstatSync(join(into, name)).ino);

describe('a dependency of a new release', () => {
  test('becomes another name of the equal file, programs too; its directory has the times of before', () => {
    const { kept, from, into } = releases();
    const block = statfsSync(from).bsize;
    expect(shareEqual(into, { kept: [kept], share: 'auto' })).toBe((Math.ceil(20_000 / block) + 2) * block);
    expect(shared({ from, into })).toEqual(NAMES);
    for (const [name, text] of Object.entries(FILES)) {
      expect(readFileSync(join(into, name), 'utf8')).toBe(text);
      expect(lstatSync(join(from, name)).mode & 0o777).toBe(name === PROGRAM ? 0o555 : 0o444);
    }
    for (const directory of [AT, `${AT}/lib`]) expect(statSync(join(into, directory)).mtimeMs).toBe(1e9);
    expect(readdirSync(into)).toEqual(['node_modules']);
  });

  test.each<Share>(['auto', 'reflink'])(
    'is cloned where the filesystem can (%s), with its own times and modes',
    (share) => {
      canClone();
      const { kept, into } = releases();
      utimesSync(join(into, LARGE), 2_000_000, 2_000_000);
      expect(shareEqual(into, { kept: [kept], share })).toBeGreaterThan(20_000);
      for (const [name, text] of Object.entries(FILES)) {
        expect(readFileSync(join(into, name), 'utf8')).toBe(text);
        const { nlink, mode } = lstatSync(join(into, name));
        expect([nlink, mode & 0o777]).toEqual([1, name === PROGRAM ? 0o755 : 0o644]);
      }
      expect(statSync(join(into, LARGE)).mtimeMs).toBe(2e9);
      expect(vi.mocked(linkSync)).not.toHaveBeenCalled();
    },
  );

  test.each<[Share, number]>([
    ['reflink', 1],
    ['none', 0],
  ])(
    'stays a copy under %s on a filesystem without clones, which is learned from the first file',
    (share, tries) => {
      const { kept, from, into } = releases();
      expect(shareEqual(into, { kept: [kept], share })).toBe(0);
      expect(shared({ from, into })).toEqual([]);
      expect(vi.mocked(copyFileSync)).toHaveBeenCalledTimes(tries);
    },
  );

  test('is left below OpenClaw, which refuses plugins whose files have two names', () => {
    const { kept, into } = releases();
    shareEqual(into, { kept: [kept], share: 'auto' });
    expect(lstatSync(join(into, OWN)).nlink).toBe(1);
  });

  test('is that of the first release that has it', () => {
    const [newest, older] = [releases(), releases()];
    shareEqual(newest.into, { kept: [older.kept, newest.kept], share: 'auto' });
    expect(shared({ from: older.from, into: newest.into })).toEqual(NAMES);
  });

  test.each<[string, (path: string) => void]>([
    ['with another byte', (path) => writeFileSync(path, `${'x'.repeat(19_999)}y`)],
    ['with more bytes', (path) => appendFileSync(path, 'more')],
    ['with other permissions', (path) => chmodSync(path, 0o600)],
    ['as a program', (path) => chmodSync(path, 0o755)],
  ])('stays as a script has left it (%s)', (_, change) => {
    const { kept, from, into } = releases((at) => change(join(at.into, LARGE)));
    const left = readFileSync(join(into, LARGE));
    shareEqual(into, { kept: [kept], share: 'auto' });
    expect(shared({ from, into })).toEqual([PACKAGE, PROGRAM]);
    expect(readFileSync(join(into, LARGE))).toEqual(left);
    expect(readFileSync(join(from, LARGE), 'utf8')).toBe(FILES[LARGE]);
  });

  test('stays away where a script has removed it', () => {
    const { kept, into } = releases((at) => rmSync(join(at.into, LARGE)));
    shareEqual(into, { kept: [kept], share: 'auto' });
    expect(existsSync(join(into, LARGE))).toBe(false);
    expect(lstatSync(join(into, PROGRAM)).nlink).toBe(2);
  });

  test.each<[string, (path: string) => void]>([
    ['is writable', (path) => chmodSync(path, 0o644)],
    ['has other permissions than the copy will have', (path) => chmodSync(path, 0o440)],
    ['has the mark of another user', (path) => chmodSync(path, 0o4444)],
    ['is younger than its release', (path) => utimesSync(path, new Date(), new Date(Date.now() + 600_000))],
    ['is damaged', (path) => damage(path)],
    ['is a link', (path) => replaceByLink(path)],
    ['is gone', (path) => rmSync(path)],
  ])('links no file that %s', (_, change) => {
    const { kept, into } = releases((at) => change(join(at.from, LARGE)));
    shareEqual(into, { kept: [kept], share: 'auto' });
    expect(lstatSync(join(into, LARGE)).nlink).toBe(1);
    expect(lstatSync(join(into, PROGRAM)).nlink).toBe(2);
  });

  test('of a pack shares with a kept release of a pack, whose files are all younger than its layout', () => {
    const { kept, from, into } = releases((at) => utimesSync(join(at.from, 'package-lock.json'), 0, 0));
    shareEqual(into, { kept: [kept], share: 'auto' });
    expect(shared({ from, into })).toEqual([]);
    shareEqual(into, { kept: [kept], share: 'auto', isPacked: true });
    expect(shared({ from, into })).toEqual(NAMES);
  });

  test.each<[string, (from: string) => void]>([
    ['is not as sealed', (from) => appendFileSync(join(from, 'files.sha256'), '\n')],
    ['is gone', (from) => rmSync(join(from, 'files.sha256'))],
  ])('links nothing of a release whose list %s', (_, change) => {
    const { kept, from, into } = releases((at) => change(at.from));
    expect(shareEqual(into, { kept: [kept], share: 'auto' })).toBe(0);
    expect(shared({ from, into })).toEqual([]);
  });

  test('links no file of another user', () => {
    const other = vi.spyOn(process, 'geteuid').mockReturnValue(12_345);
    const { kept, from, into } = releases();
    expect(shareEqual(into, { kept: [kept], share: 'auto' })).toBe(0);
    expect(shared({ from, into })).toEqual([]);
    other.mockRestore();
  });

  test.each([
    ['EXDEV', 1],
    ['EPERM', 1],
    ['EOPNOTSUPP', 1],
    // Another file may have room for one more name.
    ['EMLINK', 3],
    ['ENOSPC', 3],
    ['EMFILE', 3],
  ])('stays a copy where a link fails with %s', (code, tries) => {
    vi.mocked(linkSync).mockImplementation(() => {
      throw Object.assign(new Error(code), { code, syscall: 'link' });
    });
    const { kept, from, into } = releases();
    expect(shareEqual(into, { kept: [kept], share: 'auto' })).toBe(0);
    expect(shared({ from, into })).toEqual([]);
    expect(vi.mocked(linkSync)).toHaveBeenCalledTimes(tries);
  });

  test('stays a copy where the kept file cannot be read, and the others are shared', () => {
    canClone();
    const { kept, into } = releases();
    // A link is no plain file, so reading it fails. Not to a device: its mode would be changed through the link.
    const elsewhere = writeTree(temporaryDirectory('elsewhere'), { file: 'of another' });
    const unreadable = (_: unknown, to: unknown) => real.symlinkSync(join(elsewhere, 'file'), String(to));
    vi.mocked(copyFileSync).mockImplementationOnce(unreadable);
    expect(shareEqual(into, { kept: [kept], share: 'auto' })).toBeGreaterThan(0);
    expect(vi.mocked(copyFileSync)).toHaveBeenCalledTimes(3);
    for (const [name, text] of Object.entries(FILES)) {
      expect(lstatSync(join(into, name)).isFile()).toBe(true);
      expect(readFileSync(join(into, name), 'utf8')).toBe(text);
    }
    expect(readdirSync(into)).toEqual(['node_modules']);
  });

  test.each<[string, () => void]>([
    ['link', () => vi.mocked(linkSync).mockImplementation((_, to) => writeFileSync(to, 'of another'))],
    ['clone', () => vi.mocked(copyFileSync).mockImplementation((_, to) => writeFileSync(to, 'of another'))],
  ])('stays a copy where the kept name leads to another file meanwhile (%s)', (_, mock) => {
    mock();
    const { kept, into } = releases();
    expect(shareEqual(into, { kept: [kept], share: 'auto' })).toBe(0);
    expect(readFileSync(join(into, LARGE), 'utf8')).toBe(FILES[LARGE]);
    expect(existsSync(join(into, '.sharing'))).toBe(false);
  });
});
