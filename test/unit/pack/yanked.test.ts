import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeChange } from '../../../src/change/run.js';
import type { PlanOptions } from '../../../src/ledger/plan.js';
import { takeYanked } from '../../../src/pack/yanked.js';
import { setSignatures } from '../../../src/store/policy.js';
import type { Root } from '../../../src/store/root.js';
import { readYanked } from '../../../src/store/yanked.js';
import { releaseDocuments } from '../../../src/views/release.js';
import { whyRelease } from '../../../src/views/why.js';
import { nobody } from '../../support/nobody.js';
import { makeKey, makePack, PACKED } from '../../support/pack.js';
import { temporaryRoot } from '../../support/place.js';

const LIST = {
  ...{ schema: 1, serial: 7, issuedAt: '2026-10-01T00:00:00Z', expiresAt: '2027-10-01T00:00:00Z' },
  releases: [{ version: PACKED, why: 'It loses messages.' }],
};

const text = (differences: object = {}) => Buffer.from(JSON.stringify({ ...LIST, ...differences }));
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'yanked_list_invalid', message: expect.stringMatching(message) });

describe('a list of yanked releases', () => {
  test('replaces an older one, and none with a lower serial is taken', () => {
    const root = temporaryRoot();
    takeYanked(root, text(), null);
    takeYanked(root, text({ serial: 8, releases: [] }), null);
    expect(() => takeYanked(root, text(), null)).toThrow(invalid(/serial is 7/));
    expect(() => takeYanked(root, text({ serial: 8 }), null)).toThrow(invalid(/serial is 8/));
    takeYanked(root, text({ serial: 8, releases: [] }), null);
    expect(readYanked(root)).toMatchObject({ serial: 8, releases: [] });
  });

  test.each([
    ['no JSON', Buffer.from('{'), /not whole JSON/],
    ['without a serial', text({ serial: undefined }), /serial is missing/],
    ['with a time that is none', text({ expiresAt: '2026-13-99T00:00:00Z' }), /no time/],
  ])('that is broken is refused: %s', (_, list, message) => {
    expect(() => takeYanked(temporaryRoot(), list, null)).toThrow(invalid(message));
  });

  test('must be signed for lists where signatures are required', () => {
    const root = temporaryRoot();
    const key = makeKey();
    writeFileSync(root.signers, `fleet ${key.line}\n`);
    setSignatures(root, 'required');
    const untrusted = expect.objectContaining({ code: 'signature_untrusted' });
    expect(() => takeYanked(root, text(), null)).toThrow(untrusted);
    expect(() => takeYanked(root, text(), key.sign(text()))).toThrow(untrusted);
    takeYanked(root, text(), key.sign(text(), 'openclaw-releases-yanked'));
    expect(readYanked(root)?.serial).toBe(7);
  });

  test('that is corrupt here forbids all, because nobody knows what it says', async () => {
    const { root } = await makePack();
    takeYanked(root, text(), null);
    writeFileSync(root.yanked, readFileSync(root.yanked, 'utf8').replace('It loses', 'It keeps'));
    expect((await stage(root)).error).toMatchObject({ code: 'yanked_list_invalid' });
  });
});

const stage = (root: Root, target = PACKED, options: PlanOptions = {}) =>
  makeChange(
    { root, supervisor: nobody },
    { kind: 'stage', target, options: { probe: 'version', ...options } },
  );

test('a yanked release is refused by every road, unless a person insists', async () => {
  const { root, file } = await makePack();
  const other = temporaryRoot();
  for (const each of [root, other]) takeYanked(each, text(), null);
  const yanked = { code: 'release_yanked', message: expect.stringContaining('It loses messages.') };
  expect((await stage(root)).error).toMatchObject(yanked);
  expect((await stage(other, `pack:${file}`)).error).toMatchObject(yanked);
  const change = { kind: 'switch', target: PACKED, options: { restart: false } } as const;
  await expect(makeChange({ root, supervisor: nobody }, change)).rejects.toMatchObject(yanked);
  expect((await stage(other, `pack:${file}`, { evenIfYanked: true })).status).toBe('staged');
  expect(releaseDocuments(other, null).releases[0]?.marks).toEqual(['yanked']);
  expect(whyRelease(other, PACKED).yanked).toBe('It loses messages.');
});

test('an entry with a checksum means one archive of that version alone', async () => {
  const { root } = await makePack();
  takeYanked(root, text({ releases: [{ version: PACKED, integrity: 'sha512-other', why: 'x' }] }), null);
  expect((await stage(root)).error).toBeNull();
});
