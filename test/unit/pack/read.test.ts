import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { packedTree } from '../../../src/pack/pack.js';
import { atEndOfAll } from '../../support/at-end.js';
import { makePack, verify } from '../../support/pack.js';
import { temporaryDirectory } from '../../support/place.js';

let file: string;
let whole: Buffer;

const atEnd = atEndOfAll();

beforeAll(async () => {
  ({ file } = await makePack({}, temporaryDirectory('pack', atEnd)));
  whole = readFileSync(file);
});

const refused = { code: 'pack_invalid' };

test('a pack is read whole', async () => {
  writeFileSync(file, whole);
  await expect(verify(file)).resolves.toBeUndefined();
});

test('a pack with any one flipped bit is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length * 8 - 1), async (at) => {
      const bytes = Buffer.from(whole);
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
      writeFileSync(file, bytes);
      await expect(verify(file)).rejects.toMatchObject(refused);
    }),
    { numRuns: 400 },
  );
});

test('a pack that ends early, or continues, is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
      writeFileSync(file, whole.subarray(0, length));
      await expect(verify(file)).rejects.toMatchObject(refused);
    }),
    { numRuns: 100 },
  );
  writeFileSync(file, Buffer.concat([whole, Buffer.alloc(1)]));
  await expect(verify(file)).rejects.toMatchObject(refused);
});

const line = (path: string) => `${'a'.repeat(64)}  ${path}\n`;

test.each([
  ['/etc/passwd', line('/etc/passwd')],
  ['a path that leads up', line('a/../../b')],
  ['an empty name', line('a//b')],
  ['the manifest', line('release.json')],
  ['the link to its Node', '# node -> /bin/sh\n'],
  ['a link that leads out', '# a/b -> ../../c\n'],
  ['an absolute link', '# a -> /etc\n'],
  ['a link without a target', '# a\n'],
  ['a file below a link', `# a -> b\n${line('a/c')}`],
  ['a file below a file', `${line('a')}${line('a/c')}`],
  ['a file twice', `${line('a')}${line('a')}`],
  ['no digest', `${'z'.repeat(64)}  a\n`],
])('a list with %s is refused', (_, list) => {
  expect(() => packedTree(list, { executables: [], directories: [] })).toThrow(
    expect.objectContaining(refused),
  );
});

test('a file below an empty directory is refused', () => {
  expect(() => packedTree(line('a/b'), { executables: [], directories: ['a'] })).toThrow(
    expect.objectContaining(refused),
  );
});
