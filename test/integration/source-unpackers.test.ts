import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Unpackers } from '../../src/install/process/unpack-pool.js';
import { packTarball } from '../registry/tarball.js';
import { temporaryDirectory } from '../support/place.js';

// Thread counts of a host with two cores, and of a larger one.
test.each([1, 2])('packages are unpacked side by side by %i threads', async (threads) => {
  const directory = temporaryDirectory();
  const unpackers = new Unpackers(threads);
  onTestFinished(() => unpackers.close());
  const archives = Array.from({ length: 12 }, (_, at) => {
    const name = `package-${at}`;
    const bytes = packTarball({ name, version: '1.0.0', files: { 'package.json': '{}', 'index.js': name } });
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    return { name, bytes, integrity, archive: join(directory, `${name}.tgz`), into: join(directory, name) };
  });
  for (const { archive, bytes } of archives) writeFileSync(archive, bytes);
  await Promise.all(archives.map((unpacking) => unpackers.run({ kind: 'unpack', unpacking })));
  for (const { name, into } of archives) expect(readFileSync(join(into, 'index.js'), 'utf8')).toBe(name);
});
