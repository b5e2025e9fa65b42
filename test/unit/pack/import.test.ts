import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeChange } from '../../../src/change/run.js';
import { END_OF_TAR } from '../../../src/host/tar-header.js';
import type { Observer } from '../../../src/ledger/context.js';
import { writePack } from '../../../src/pack/write.js';
import { damageOf } from '../../../src/store/damage.js';
import { listReleases, readManifest } from '../../../src/store/manifest.js';
import { pin, readPolicy, setSignatures } from '../../../src/store/policy.js';
import type { Root } from '../../../src/store/root.js';
import { runtimeNode } from '../../../src/store/runtimes.js';
import { removeTree } from '../../../src/store/seal.js';
import { damage } from '../../support/damage.js';
import { nobody } from '../../support/nobody.js';
import { entry, type Forgery, forge, makeKey, makePack, PACKED, sha256 } from '../../support/pack.js';
import { temporaryRoot } from '../../support/place.js';
import { TINY_NODE } from '../../support/release.js';

const importPack = (root: Root, file: string, observer: Observer = {}) =>
  makeChange(
    { root, supervisor: nobody, observer },
    { kind: 'stage', target: `pack:${file}`, options: { probe: 'version' } },
  );

function expectNothingIn({ staging, releases, runtimes }: Root): void {
  expect([staging, releases, runtimes].map((path) => readdirSync(path))).toEqual([[], [], []]);
}

/** Does the same, and is as long, so that its header in the payload stays. */
const OTHER_NODE = (text: string) => text.replace('"$@"\n', '"$@";');
const withOtherNode = (tar: Buffer) => Buffer.from(OTHER_NODE(tar.toString('latin1')), 'latin1');

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
  ['with another Node than it names', { payload: withOtherNode }, 'pack_invalid', /node is not the file/],
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
    expectNothingIn(root);
  });

  test('refuses a pack of the same files with another Node that replaced the verified one', async () => {
    const [{ file, root: first }, { file: other }] = [await makePack(), await makePack()];
    const node = OTHER_NODE(readFileSync(runtimeNode(first, TINY_NODE), 'latin1'));
    forge(other, {
      payload: withOtherNode,
      pack: (pack) => ({ ...pack, node: { ...pack.node, sha256: sha256(Buffer.from(node, 'latin1')) } }),
    });
    const root = temporaryRoot();
    const swap: Observer = {
      step({ name, state }) {
        if (name === 'resolve' && state === 'done') copyFileSync(other, file);
      },
    };
    const { error, status } = await importPack(root, file, swap);
    expect(error).toMatchObject({
      code: 'pack_invalid',
      message: expect.stringContaining('changed since it was verified'),
    });
    expect(status).toBe('package_update_failed');
    expectNothingIn(root);
    expect((await importPack(root, other)).status).toBe('staged');
  });

  test('refuses a release that changes its own files while it is tried', async () => {
    const { file } = await makePack({
      'node_modules/openclaw/openclaw.mjs': `
        import { chmodSync, writeFileSync } from 'node:fs';
        const tiny = new URL('../tiny/index.js', import.meta.url);
        chmodSync(tiny, 0o644);
        writeFileSync(tiny, 'TINY');
        chmodSync(tiny, 0o444);
        console.log('${PACKED}');`,
    });
    const root = temporaryRoot();
    const { error } = await importPack(root, file);
    expect(error).toMatchObject({
      code: 'probe_failed',
      message: expect.stringContaining('changed its own files'),
    });
    expectNothingIn(root);
  });

  test('takes a damaged release from its pack again, as the hint says', async () => {
    const { file } = await makePack();
    const root = temporaryRoot();
    await importPack(root, file);
    const path = join(root.releases, PACKED, 'node_modules/tiny/index.js');
    chmodSync(path, 0o644);
    writeFileSync(path, 'TINY\n');
    const { error } = await damageOf(root, readManifest(root, PACKED));
    expect(error?.hint).toBe(`openclaw-releases import ${file}, which stages it again`);
    expect((await importPack(root, file)).status).toBe('staged');
    expect(readFileSync(path, 'utf8')).toBe('tiny\n');
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

test('a release that is removed while it is packed ends the pack, which leaves nothing', async () => {
  const { root, file } = await makePack();
  const packing = writePack(root, readManifest(root, PACKED), { file: `${file}.new`, codec: 'gzip' });
  removeTree(root, join(root.releases, PACKED));
  await expect(packing).rejects.toMatchObject({
    code: 'release_not_found',
    message: `${PACKED} was removed while it was packed.`,
  });
  expect(readdirSync(dirname(file)).toSorted()).toEqual(['release.pack', 'root']);
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

  test('stays required after the policy that said so was lost, until the operator decides again', async () => {
    const { file } = await makePack();
    const root = temporaryRoot();
    writeFileSync(root.signers, OWN);
    setSignatures(root, 'required');
    damage(root.policy, 'empty');
    expect(readPolicy(root).signatures).toBe('required');
    const missing = { code: 'signature_untrusted', message: expect.stringContaining('is missing') };
    const change = await importPack(root, file);
    expect(change.error).toMatchObject(missing);
    expect(change.warnings.join()).toContain('if packs must be signed is not known');
    expect((await importPack(root, file)).error).toMatchObject(missing);
    rmSync(join(root.path, 'corrupt'), { recursive: true });
    expect((await importPack(root, file)).error).toMatchObject(missing);
    pin(root, PACKED);
    expect((await importPack(root, file)).error).toMatchObject(missing);
    setSignatures(root, 'wanted');
    expect((await importPack(root, file)).error).toBeNull();
  });

  test('is not demanded after the policy of a host without signers was lost', async () => {
    const { file } = await makePack();
    const root = temporaryRoot();
    setSignatures(root, 'wanted');
    damage(root.policy, 'empty');
    expect((await importPack(root, file)).error).toBeNull();
  });
});
