import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
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
  /** Signature of the text of `pack.json`. */
  sign?: (text: Buffer) => string;
}

/** Writes a pack anew with consistent digests, as an attacker could who has no key. */
export function forge(
  file: string,
  { pack: edit, list = (text) => text, payload = (tar) => tar, sign: signed }: Forgery,
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
  const json = Buffer.from(recordText(edit ? edit(about) : about));
  const parts: (readonly [string, Buffer])[] = [
    ['pack.json', json],
    ...(signed ? [['pack.json.sig', Buffer.from(signed(json))] as const] : []),
    ['files.sha256', text],
    ['tree.tar.gz', tree],
  ];
  writeFileSync(
    file,
    Buffer.concat([...parts.flatMap(([name, content]) => entry(name, content)), END_OF_TAR]),
  );
}

/** A key of SSH, of which `line` is for `allowed_signers`. */
export function makeKey(): { line: string; sign(text: Buffer, namespace?: string): string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const key = Buffer.concat([field('ssh-ed25519'), field(raw)]);
  return {
    line: `ssh-ed25519 ${key.toString('base64')}`,
    sign: (text, namespace = 'openclaw-releases-pack') => signatureOf(privateKey, key, text, namespace),
  };
}

function signatureOf(privateKey: KeyObject, key: Buffer, text: Buffer, namespace: string): string {
  const digest = createHash('sha512').update(text).digest();
  const meaning = [field(namespace), field(''), field('sha512')];
  const signature = sign(null, Buffer.concat([Buffer.from('SSHSIG'), ...meaning, field(digest)]), privateKey);
  const version = Buffer.from([0, 0, 0, 1]);
  const inner = field(Buffer.concat([field('ssh-ed25519'), field(signature)]));
  const blob = Buffer.concat([Buffer.from('SSHSIG'), version, field(key), ...meaning, inner]);
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}

function field(content: string | Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, Buffer.from(content)]);
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
