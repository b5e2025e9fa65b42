import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { recordText } from '../../src/core/record.js';
import { END_OF_TAR, paddingOf, tarHeader } from '../../src/host/tar-header.js';
import type { Pack } from '../../src/pack/pack.js';
import { readHead, verifyPayload } from '../../src/pack/read.js';
import { writePack } from '../../src/pack/write.js';
import { prepareRoot, type Root, rootAt } from '../../src/store/root.js';
import { temporaryDirectory } from './place.js';
import { sealTinyRelease } from './release.js';

export const PACKED = '2026.6.1';

/** A pack of a tiny release that says its version, and the root that it comes from. */
export async function makePack(
  files: Record<string, string> = {},
  path = temporaryDirectory('pack'),
): Promise<{ root: Root; file: string; pack: Pack }> {
  const root = rootAt(join(path, 'root'));
  prepareRoot(root);
  const main = 'node_modules/openclaw/openclaw.mjs';
  const manifest = await sealTinyRelease(
    root,
    PACKED,
    { [main]: `console.log('${PACKED}');\n`, 'node_modules/tiny/index.js': 'tiny\n', ...files },
    { main },
  );
  const file = join(path, 'release.pack');
  return { root, file, pack: await writePack(root, manifest, { file, codec: 'gzip' }) };
}

export interface Forgery {
  pack?: (pack: Pack) => object;
  list?: (text: string) => string;
  /** Given the tar archive. */
  payload?: (tar: Buffer) => Buffer;
}

/** Writes a pack anew with consistent digests, as an attacker could who has no key. */
export function forge(
  file: string,
  { pack: edit, list = (text) => text, payload = (tar) => tar }: Forgery,
): void {
  const bytes = readFileSync(file);
  const fd = openSync(file, 'r');
  const { pack, payloadAt } = readHead(fd);
  closeSync(fd);
  const listAt = bytes.indexOf(tarHeader({ path: 'files.sha256', mode: 0o444, size: listSize(bytes) })) + 512;
  const text = Buffer.from(list(bytes.toString('utf8', listAt, listAt + listSize(bytes))));
  const tar = gunzipSync(bytes.subarray(payloadAt, payloadAt + pack.payload.bytes));
  const tree = gzipSync(payload(tar));
  const about = {
    ...pack,
    treeDigest: sha256(text),
    files: text
      .toString()
      .split('\n')
      .filter((line) => /^[0-9a-f]/.test(line)).length,
    payload: { codec: 'gzip', sha256: sha256(tree), bytes: tree.length },
  } as Pack;
  const parts = [
    ['pack.json', Buffer.from(recordText(edit ? edit(about) : about))],
    ['files.sha256', text],
    ['tree.tar.gz', tree],
  ] as const;
  writeFileSync(
    file,
    Buffer.concat([...parts.flatMap(([name, content]) => entry(name, content)), END_OF_TAR]),
  );
}

/** Entry of a tar archive. */
export function entry(path: string, content: Buffer, mode = 0o444): Buffer[] {
  const size = content.length;
  return [tarHeader({ path, mode, size }), content, Buffer.alloc(paddingOf(size))];
}

function listSize(bytes: Buffer): number {
  const at = bytes.indexOf('files.sha256\0');
  return Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8);
}

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Reads a whole pack as an import does before it writes anything. */
export async function verify(file: string): Promise<void> {
  const fd = openSync(file, 'r');
  try {
    await verifyPayload(fd, readHead(fd));
  } finally {
    closeSync(fd);
  }
}
