import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readHead } from '../../../src/pack/read.js';
import type { Unpacking } from '../../../src/pack/unpack.js';
import { unpackApart } from '../../../src/pack/unpacker.js';
import { makePack } from '../../support/pack.js';
import { temporaryDirectory } from '../../support/place.js';

async function unpack(more: Partial<Unpacking>) {
  const { file } = await makePack();
  const place = temporaryDirectory('unpacked');
  const directory = join(place, 'release');
  mkdirSync(directory);
  const fd = openSync(file, 'r');
  const unpacking = { directory, base: new Map(), node: join(place, 'node'), ...more };
  await unpackApart(fd, readHead(fd), unpacking).finally(() => closeSync(fd));
  return directory;
}

test('the thread unpacks a pack, and says how many files there are', async () => {
  const told: [number, number][] = [];
  const directory = await unpack({ onFile: (done, total) => void told.push([done, total]) });
  expect(existsSync(join(directory, 'node_modules/tiny/index.js'))).toBe(true);
  const [done, total] = told.at(-1) ?? [];
  expect(done).toBe(total);
});

test('a signal that aborts while files come ends the thread with its reason, and one from before starts none', async () => {
  const stop = new AbortController();
  const onFile = () => stop.abort(new Error('enough'));
  await expect(unpack({ signal: stop.signal, onFile })).rejects.toThrow('enough');
  await expect(unpack({ signal: stop.signal })).rejects.toThrow('enough');
});
