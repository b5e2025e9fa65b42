import { closeSync, existsSync, mkdirSync, openSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readHead } from '../../../src/pack/read.js';
import type { Unpacking } from '../../../src/pack/unpack.js';
import { unpackApart } from '../../../src/pack/unpacker.js';
import { releaseDirectory } from '../../../src/store/manifest.js';
import type { Share } from '../../../src/store/policy.js';
import { makePack, PACKED } from '../../support/pack.js';
import { temporaryDirectory } from '../../support/place.js';

async function unpack(more: Partial<Unpacking>, share: Share = 'auto') {
  const { file, root, pack } = await makePack();
  const place = temporaryDirectory('unpacked');
  const directory = join(place, 'release');
  mkdirSync(directory);
  const fd = openSync(file, 'r');
  const unpacking = { directory, base: new Map(), node: join(place, 'node'), ...more };
  const sharing = {
    kept: [{ directory: releaseDirectory(root, PACKED), treeDigest: pack.treeDigest }],
    share,
  };
  const shared = await unpackApart(fd, readHead(fd), sharing, unpacking).finally(() => closeSync(fd));
  return { directory, shared };
}

test('the thread unpacks a pack, and says how many files there are', async () => {
  const told: [number, number][] = [];
  const { directory } = await unpack({ onFile: (done, total) => void told.push([done, total]) });
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

test('an unpacked dependency shares its room with a kept release that has the same, where that is wanted', async () => {
  const { directory, shared } = await unpack({});
  // That of one small file: OpenClaw, which the kept release has, too, stays apart.
  expect(shared).toBe(statfsSync(directory).bsize);
  expect(await unpack({}, 'none')).toMatchObject({ shared: 0 });
});
