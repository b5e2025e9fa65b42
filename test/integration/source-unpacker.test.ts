import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Unpacker } from '../../src/install/process/unpacker.js';
import { packTarball } from '../registry/tarball.js';
import { temporaryDirectory } from '../support/place.js';

test('packages are unpacked one after the other, a damaged one fails alone, and all fail after the end', async () => {
  const directory = temporaryDirectory();
  const unpacker = new Unpacker();
  onTestFinished(() => unpacker.close());
  const archives = Array.from({ length: 12 }, (_, at) => {
    const name = `package-${at}`;
    const bytes = packTarball({ name, version: '1.0.0', files: { 'package.json': '{}', 'index.js': name } });
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    return { name, bytes, integrity, archive: join(directory, `${name}.tgz`), into: join(directory, name) };
  });
  for (const { archive, bytes } of archives) writeFileSync(archive, bytes);
  writeFileSync(archives[3]?.archive ?? '', 'no archive');
  const ends = await Promise.allSettled(
    archives.map((unpacking) => unpacker.run({ kind: 'unpack', ...unpacking })),
  );
  for (const [at, { name, into }] of archives.entries()) {
    expect(ends[at]?.status).toBe(at === 3 ? 'rejected' : 'fulfilled');
    if (at !== 3) expect(readFileSync(join(into, 'index.js'), 'utf8')).toBe(name);
  }
  await unpacker.close();
  await expect(
    unpacker.run({ kind: 'unpack', ...(archives[0] as (typeof archives)[number]) }),
  ).rejects.toThrow('ended');
});
