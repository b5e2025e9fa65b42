import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makeChange } from '../../../src/change/run.js';
import { writePack } from '../../../src/pack/write.js';
import { listReleases, readManifest } from '../../../src/store/manifest.js';
import type { Root } from '../../../src/store/root.js';
import { nobody } from '../../support/nobody.js';
import { makePack, PACKED, sha256 } from '../../support/pack.js';
import { temporaryRoot } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

const NEXT = '2026.6.2';
const MAIN = 'node_modules/openclaw/openclaw.mjs';
const SHARED = 'node_modules/tiny/index.js';

const importPack = (root: Root, file: string) =>
  makeChange(
    { root, supervisor: nobody },
    { kind: 'stage', target: `pack:${file}`, options: { probe: 'version' } },
  );

/** Text that cannot be compressed much. */
const LARGE = Array.from({ length: 500 }, (_, at) => sha256(Buffer.from(String(at)))).join('');

/** A pack of the next release, a pack of it on the first one, and that one alone. */
async function packs() {
  const first = await makePack({ 'node_modules/large/index.js': LARGE });
  const { root } = first;
  const files = {
    [MAIN]: `console.log('${NEXT}');\n`,
    [SHARED]: 'tiny\n',
    'moved/large.js': LARGE,
  };
  const next = await sealTinyRelease(root, NEXT, files, { main: MAIN });
  const at = (name: string) => join(dirname(first.file), name);
  await writePack(root, next, { file: at('whole'), codec: 'gzip' });
  const base = readManifest(root, PACKED);
  const { base: named } = await writePack(root, next, { file: at('small'), codec: 'gzip', base });
  expect(named).toEqual({ id: PACKED, treeDigest: base.treeDigest, hasNode: true });
  return { base: first.file, whole: at('whole'), small: at('small'), digest: next.treeDigest };
}

test('a pack on a base is smaller, and gives the same release where that base is', async () => {
  const { base, whole, small, digest } = await packs();
  expect(statSync(small).size).toBeLessThan(statSync(whole).size);
  const root = temporaryRoot();
  expect((await importPack(root, small)).error).toMatchObject({
    code: 'pack_base_missing',
    message: expect.stringContaining('not here'),
  });
  expect((await importPack(root, base)).status).toBe('staged');
  expect((await importPack(root, small)).error).toBeNull();
  expect(readManifest(root, NEXT).treeDigest).toBe(digest);
  expect(sha256(readFileSync(join(root.releases, NEXT, SHARED)))).toBe(sha256(Buffer.from('tiny\n')));
});

test('a pack on a base that has other files here is refused', async () => {
  const { small } = await packs();
  const root = temporaryRoot();
  await sealTinyRelease(root, PACKED, { [SHARED]: 'other\n' });
  expect((await importPack(root, small)).error).toMatchObject({
    code: 'pack_base_missing',
    message: expect.stringContaining('other files'),
  });
});

test('a damaged base gives nothing to an import, which leaves nothing', async () => {
  const { base, small } = await packs();
  const root = temporaryRoot();
  await importPack(root, base);
  const damaged = join(root.releases, PACKED, SHARED);
  chmodSync(damaged, 0o644);
  writeFileSync(damaged, 'TINY\n');
  expect((await importPack(root, small)).error).toMatchObject({ code: 'release_damaged' });
  expect(listReleases(root).releases.map(({ id }) => id)).toEqual([PACKED]);
});
