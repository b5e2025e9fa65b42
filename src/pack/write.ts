import { createReadStream, createWriteStream, lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ReleasesError } from '../core/errors.js';
import { recordText } from '../core/record.js';
import { digestLarge } from '../host/digest.js';
import { renameDurably } from '../host/durable.js';
import { walkTree } from '../host/listed-tree.js';
import { END_OF_TAR, paddingOf, tarHeader } from '../host/tar-header.js';
import { requireUndamaged } from '../store/damage.js';
import { findManifest, type Manifest, releaseDirectory } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { runtimeNode } from '../store/runtimes.js';
import { OUTSIDE } from '../store/tree.js';
import { filesByDigest, listOf } from './base.js';
import { codecOf, compress } from './codec.js';
import {
  type Codec,
  EXECUTABLE,
  NODE,
  PARTS,
  type Pack,
  packedTree,
  payloadName,
  READ_ONLY,
  TREE,
} from './pack.js';
import { type Content, tarOf } from './payload.js';
import { hostPlatform, NeededGlibc } from './platform.js';
import { NAMESPACES, sign } from './ssh-signature.js';

export interface PackRequest {
  /** Absolute; replaced. */
  file: string;
  codec?: Codec;
  /** Release that each importing host has: what it holds is left out. */
  base?: Manifest;
  /** Path of a key of SSH. */
  sign?: string;
  signal?: AbortSignal | undefined;
}

/**
 * Writes a pack: one file that holds a sealed release and its Node. The same release gives the same bytes on any host.
 * Needs no lock: a release never changes, each of its files is compared while it is packed, and a release that is
 * removed meanwhile ends it.
 * @throws ReleasesError `release_damaged`, `release_not_found`, `pack_invalid`, `signing_failed`; system errors such as
 *   ENOSPC
 */
export async function writePack(root: Root, manifest: Manifest, request: PackRequest): Promise<Pack> {
  const { id, treeDigest } = manifest;
  try {
    return await write(root, manifest, request);
  } catch (cause) {
    if (findManifest(root, id)?.treeDigest === treeDigest) throw cause;
    throw new ReleasesError('release_not_found', `${id} was removed while it was packed.`, {
      hint: 'openclaw-releases list',
      cause,
    });
  }
}

async function write(
  root: Root,
  manifest: Manifest,
  { file, signal, base, sign: key, codec = codecOf(manifest.runtime.version) }: PackRequest,
): Promise<Pack> {
  await requireUndamaged(root, manifest);
  const directory = releaseDirectory(root, manifest.id);
  const list = listOf(root, manifest);
  const known = base ? filesByDigest(root, base) : new Map();
  const { executables, directories } = modesOf(directory);
  const tree = packedTree(list.toString(), { executables, directories });
  const program = runtimeNode(root, manifest.runtime.version);
  const node = { version: manifest.runtime.version, ...(await nodeFacts(program)) };
  const hasNode = base?.runtime.version === node.version && base.runtime.sha256 === node.sha256;
  const content: Content[] = [
    ...tree.map((entry) => ({
      ...{ ...entry, path: `${TREE}/${entry.path}`, from: join(directory, entry.path) },
      isLeftOut: 'sha256' in entry && known.has(entry.sha256),
    })),
    { path: NODE, mode: EXECUTABLE, sha256: node.sha256, from: program, isLeftOut: hasNode },
  ];
  const glibc = new NeededGlibc();
  // Another process may write the same pack.
  const [payload, whole] = [`${file}.${process.pid}.payload`, `${file}.${process.pid}.part`];
  try {
    await compress(
      program,
      codec,
      tarOf(content, glibc),
      createWriteStream(payload, { mode: 0o600 }),
      signal,
    );
    const { sha256, size: bytes } = await digestLarge(payload);
    const { id, version, integrity, engines, schemas, main, treeDigest, lockfileDigest } = manifest;
    const pack: Pack = {
      ...{ schema: 1, id, version, integrity, engines, schemas, main, treeDigest, lockfileDigest },
      ...{ files: manifest.files, bytes: manifest.bytes, packages: manifest.packages },
      skippedScripts: manifest.skippedScripts,
      executables,
      directories,
      platform: { ...hostPlatform(), glibc: glibc.ofLastFile() },
      node,
      base: base ? { id: base.id, treeDigest: base.treeDigest, hasNode } : null,
      payload: { codec, sha256, bytes },
    };
    const text = recordText(pack);
    const signature = key === undefined ? null : await sign(text, key, NAMESPACES.pack);
    const parts: Part[] = [
      { name: PARTS.pack, content: Buffer.from(text) },
      ...(signature === null ? [] : [{ name: PARTS.signature, content: Buffer.from(signature) }]),
      { name: PARTS.list, content: list },
      { name: payloadName(codec), content: payload, size: bytes },
    ];
    await pipeline(partsOf(parts), createWriteStream(whole, { mode: 0o644, flush: true } as object));
    renameDurably(whole, file, 'pack');
    return pack;
  } finally {
    for (const path of [payload, whole]) rmSync(path, { force: true });
  }
}

type Part = { name: string } & ({ content: Buffer } | { content: string; size: number });

async function* partsOf(parts: readonly Part[]): AsyncGenerator<Buffer> {
  for (const { name, content, ...rest } of parts) {
    const size = 'size' in rest ? rest.size : content.length;
    yield tarHeader({ path: name, mode: READ_ONLY, size });
    if (typeof content === 'string') yield* createReadStream(content) as AsyncIterable<Buffer>;
    else yield content;
    yield Buffer.alloc(paddingOf(size));
  }
  yield END_OF_TAR;
}

/** Facts of a release that its list does not have. */
function modesOf(directory: string): Pick<Pack, 'executables' | 'directories'> {
  const executables: string[] = [];
  const directories: string[] = [];
  let last: string | null = null;
  for (const { path, kind } of walkTree(directory, OUTSIDE)) {
    // A directory is listed before its content.
    if (last !== null && !path.startsWith(`${last}/`)) directories.push(last);
    last = kind === 'directory' ? path : null;
    if (kind === 'file' && lstatSync(join(directory, path)).mode & 0o111) executables.push(path);
  }
  return { executables, directories: last === null ? directories : [...directories, last] };
}

async function nodeFacts(program: string): Promise<{ sha256: string; bytes: number }> {
  const { sha256, size } = await digestLarge(program);
  return { sha256, bytes: size };
}
