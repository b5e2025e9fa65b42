import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ownFile } from '../../src/core/own-files.js';
import { LOW_MEMORY_FLAGS } from '../../src/host/memory-flags.js';
import { Unpackers } from '../../src/install/process/unpack-pool.js';
import { packTarball } from '../registry/tarball.js';
import { temporaryDirectory } from '../support/place.js';

// Thread counts of a host with two cores, and of a larger one.
test.each([1, 2])('packages are made side by side by %i threads, one while it comes', async (threads) => {
  const directory = temporaryDirectory();
  const unpackers = new Unpackers(threads);
  onTestFinished(() => unpackers.close());
  const archives = Array.from({ length: 12 }, (_, at) => {
    const name = `package-${at}`;
    const bytes = packTarball({ name, version: '1.0.0', files: { 'package.json': '{}', 'index.js': name } });
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    return { name, bytes, integrity, archive: join(directory, `${name}.tgz`), into: join(directory, name) };
  });
  const [late, ...others] = archives;
  if (!late) throw new Error('There is none.');
  for (const { archive, bytes } of others) writeFileSync(archive, bytes);
  const middle = late.bytes.length >> 1;
  writeFileSync(late.archive, late.bytes.subarray(0, middle));
  const growing = unpackers.grow(late);
  growing.more();
  await Promise.all(others.map((one) => unpackers.unpack(one)));
  appendFileSync(late.archive, late.bytes.subarray(middle));
  await growing.end();
  for (const { name, into } of archives) expect(readFileSync(join(into, 'index.js'), 'utf8')).toBe(name);
});

/** Prints the most that buffers take while 200 MiB of them pass, in MiB. */
const PROGRAM = `
import { collectGarbage } from ${JSON.stringify(ownFile('dist/install/process/gc.js'))};
let most = 0;
for (let at = 0; at < 3_200; at++) {
  Buffer.alloc(64 * 1024, at);
  collectGarbage(64 * 1024);
  most = Math.max(most, process.memoryUsage().arrayBuffers);
}
console.log(Math.round(most / 1024 / 1024));
`;

/** Prints what objects without references take before and after, in MiB. */
const FORGETTING = `
import { collectAllGarbage } from ${JSON.stringify(ownFile('dist/install/process/gc.js'))};
const used = () => Math.round(process.memoryUsage().heapUsed / 1024 / 1024);
const make = () => Array.from({ length: 400_000 }, (_, at) => ({ at, name: String(at) }));
globalThis.kept = make();
const before = used();
globalThis.kept = null;
setImmediate(() => {
  collectAllGarbage();
  console.log(JSON.stringify({ before, after: used() }));
});
`;

async function said(program: string, flags: string[]): Promise<unknown> {
  const args = [...flags, '--input-type=module', '--eval', program];
  return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout);
}

test('buffers without references are freed, with the flags of the processes that stage', async () => {
  const most = async (flags: string[]) => Number(await said(PROGRAM, flags));
  const left = await most(LOW_MEMORY_FLAGS.filter((flag) => flag !== '--expose-gc'));
  expect(await most(LOW_MEMORY_FLAGS)).toBeLessThan(left / 2);
});

test('objects without references are freed by a full collection', async () => {
  const { before, after } = (await said(FORGETTING, LOW_MEMORY_FLAGS)) as { before: number; after: number };
  expect(after).toBeLessThan(before / 2);
});
