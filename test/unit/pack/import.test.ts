import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeChange } from '../../../src/change/run.js';
import { END_OF_TAR } from '../../../src/host/tar-header.js';
import { listReleases } from '../../../src/store/manifest.js';
import { setSignatures } from '../../../src/store/policy.js';
import type { Root } from '../../../src/store/root.js';
import { nobody } from '../../support/nobody.js';
import { entry, type Forgery, forge, makeKey, makePack, PACKED, sha256 } from '../../support/pack.js';
import { temporaryRoot } from '../../support/place.js';

const importPack = (root: Root, file: string) =>
  makeChange(
    { root, supervisor: nobody },
    { kind: 'stage', target: `pack:${file}`, options: { probe: 'version' } },
  );

test('an imported release has the files, the modes, the empty directories and the Node of the first host', async () => {
  const { file, root: first } = await makePack({
    'node_modules/ä/ö.js': 'x',
    [`${'d/'.repeat(60)}long.js`]: 'y',
  });
  const root = temporaryRoot();
  const { status, error } = await importPack(root, file);
  expect(error).toBeNull();
  expect(status).toBe('staged');
  const [here, there] = [listReleases(first).releases[0], listReleases(root).releases[0]];
  expect(there).toMatchObject({ id: PACKED, treeDigest: here?.treeDigest, signature: 'unchecked' });
  const node = (of: Root) => readFileSync(join(of.releases, PACKED, 'node'));
  expect(node(root)).toEqual(node(first));
  expect(statSync(join(root.releases, PACKED, 'node')).mode & 0o777).toBe(0o555);
  expect(readdirSync(root.staging)).toEqual([]);
});

const refused: [string, Forgery, string, RegExp][] = [
  [
    'for another processor',
    { pack: (pack) => ({ ...pack, platform: { ...pack.platform, arch: 's390x' } }) },
    'pack_unsuitable',
    /is for linux-s390x/,
  ],
  [
    'for another C library',
    { pack: (pack) => ({ ...pack, platform: { ...pack.platform, libc: 'musl' } }) },
    'pack_unsuitable',
    /with musl/,
  ],
  [
    'that needs a newer glibc',
    { pack: (pack) => ({ ...pack, platform: { ...pack.platform, glibc: '2.999' } }) },
    'pack_unsuitable',
    /needs glibc 2\.999/,
  ],
  [
    'whose list names a file that is missing',
    {
      list: (text) =>
        text.replace(
          /(.*) {2}node_modules\/tiny\/index.js\n/,
          (all, sha) => `${all}${sha}  node_modules/tiny/more.js\n`,
        ),
    },
    'pack_invalid',
    /more\.js is not where/,
  ],
  [
    'with a file that its list does not name',
    {
      payload: (tar) =>
        Buffer.concat([
          tar.subarray(0, -END_OF_TAR.length),
          ...entry('release/x', Buffer.from('x')),
          END_OF_TAR,
        ]),
    },
    'pack_invalid',
    /more than its list/,
  ],
  [
    'with other bytes in a file',
    { payload: (tar) => Buffer.from(tar.toString('latin1').replace('tiny\n', 'TINY\n'), 'latin1') },
    'pack_invalid',
    /is not the file/,
  ],
  [
    'with a larger file than all of it',
    { pack: (pack) => ({ ...pack, bytes: 3 }) },
    'pack_invalid',
    /larger than it says/,
  ],
  ['of a payload that ends early', { payload: (tar) => tar.subarray(0, 700) }, 'pack_invalid', /ends early/],
  [
    'of another program',
    { pack: (pack) => ({ ...pack, main: 'node_modules/other/x.js' }) },
    'pack_invalid',
    /of no release/,
  ],
  ['of another schema', { pack: (pack) => ({ ...pack, schema: 2 }) }, 'pack_invalid', /schema 2/],
];

describe('import', () => {
  test.each(refused)('refuses a pack %s, and leaves nothing', async (_, forgery, code, message) => {
    const { file } = await makePack();
    forge(file, forgery);
    const root = temporaryRoot();
    const { status, error } = await importPack(root, file);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(status).toBe('package_update_failed');
    expect([root.staging, root.releases, root.runtimes].map((path) => readdirSync(path))).toEqual([
      [],
      [],
      [],
    ]);
  });

  test('refuses a release that is here with other files, and reports the same release as here already', async () => {
    const [{ file }, { root }] = [
      await makePack({ 'node_modules/tiny/index.js': 'other\n' }),
      await makePack(),
    ];
    expect((await importPack(root, file)).error).toMatchObject({ code: 'release_exists' });
    const same = await makePack();
    expect((await importPack(root, same.file)).steps.at(-1)).toMatchObject({ state: 'skipped' });
  });
});

test('two packs of one release are the same bytes', async () => {
  const [one, other] = [await makePack(), await makePack()];
  expect(sha256(readFileSync(one.file))).toBe(sha256(readFileSync(other.file)));
});

describe('a signature', () => {
  const [own, other] = [makeKey(), makeKey()];
  const OWN = `fleet ${own.line}\n`;
  const EXPIRED = `fleet valid-before="20200101Z" ${own.line}\n`;
  const FOR_GIT = `fleet namespaces="git" ${own.line}\n`;
  const signed = { sign: (text: Buffer) => own.sign(text) };
  const ofOther = { sign: (text: Buffer) => other.sign(text) };
  const ofOtherText = { sign: () => own.sign(Buffer.from('other')) };

  test.each<[string, string, Forgery, 'required' | 'wanted', RegExp | null, number]>([
    ['of a trusted key is accepted', OWN, signed, 'required', null, 0],
    ['is not demanded by default', OWN, {}, 'wanted', null, 1],
    ['of a key that nobody named is a warning where no keys are known', '', ofOther, 'wanted', null, 1],
    ['that is missing is refused where it is required', OWN, {}, 'required', /is missing/, 0],
    ['of another key is refused', OWN, ofOther, 'wanted', /does not know/, 0],
    ['of an expired key is refused', EXPIRED, signed, 'wanted', /any more/, 0],
    ['of a key for something else is refused', FOR_GIT, signed, 'wanted', /is not for/, 0],
    ['of other bytes is refused', OWN, ofOtherText, 'wanted', /not of these bytes/, 0],
    ['by an unknown key is refused where one is required', '', ofOther, 'required', /does not know/, 0],
    ['cannot be checked by a broken list of keys', 'fleet nonsense\n', signed, 'wanted', /Line 1/, 0],
  ])('%s', async (_, signers, forgery, policy, message, warnings) => {
    const { file } = await makePack();
    forge(file, forgery);
    const root = temporaryRoot();
    if (signers) writeFileSync(root.signers, signers);
    setSignatures(root, policy);
    const change = await importPack(root, file);
    expect(change.error?.message ?? null).toEqual(message && expect.stringMatching(message));
    expect(change.warnings).toHaveLength(warnings);
    expect(listReleases(root).releases).toHaveLength(message ? 0 : 1);
  });
});
