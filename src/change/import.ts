import { closeSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openPlainFile, whyUnusable } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { interrupted } from '../core/interrupted.js';
import { sha256 } from '../core/sha256.js';
import { shellWord } from '../core/shell-word.js';
import { beginSync } from '../host/sync.js';
import type { Sharing } from '../install/install.js';
import type { Context } from '../ledger/context.js';
import { filesByDigest, requireBase } from '../pack/base.js';
import { invalid } from '../pack/pack.js';
import { requirePlatform } from '../pack/platform.js';
import { type PackHead, readHead, verifyPayload } from '../pack/read.js';
import { requireTrusted } from '../pack/signers.js';
import { NAMESPACES } from '../pack/ssh-signature.js';
import { unpackApart } from '../pack/unpacker.js';
import { findManifest, type Manifest } from '../store/manifest.js';
import { packTarget } from '../store/pack-target.js';
import { runtimeDirectoryName, usableRuntimes } from '../store/runtimes.js';
import { keepInput } from './pack-input.js';

const MAIN = 'node_modules/openclaw/';

/**
 * Verifies a pack to its last byte, before anything is unpacked, and sets the facts of the release that it holds.
 * @param given absolute path, or `-` for the standard input
 * @param staging directory of the change
 * @returns id of the release
 * @throws ReleasesError `pack_invalid`, `pack_unsuitable`, `pack_base_missing`, `signature_untrusted`, `release_exists`,
 *   `usage`, `insufficient_space`
 */
export async function resolvePack(
  context: Context,
  given: string,
  staging: string,
  isDamaged: (context: Context, manifest: Manifest) => Promise<boolean>,
): Promise<string> {
  const { root, change, signal } = context;
  const { facts } = change;
  const path = given === '-' ? await keepInput(staging, signal) : given;
  const head = await withPack(path, async (fd) => {
    const head = readHead(fd);
    const { signer, warning } = requireTrusted(root, {
      ...{ signature: head.signature, message: head.text },
      ...{ namespace: NAMESPACES.pack, named: 'The pack' },
    });
    if (warning !== null) change.warnings.push(warning);
    requirePlatform(head.pack.platform);
    requireBase(root, head.pack);
    await verifyPayload(fd, head, signal);
    if (signer !== null) context.progress(`signed by ${signer}`);
    return head;
  });
  const { id, version, engines, schemas, integrity, packages, node, main, bytes } = head.pack;
  const { treeDigest, files } = head.pack;
  facts.to = id;
  facts.pack = { path, sha256: sha256(head.text), treeDigest, files, nodeBytes: node.bytes };
  facts.resolved = {
    ...{ id, version, engines, schemas, integrity },
    bin: main.slice(MAIN.length),
    spec: packTarget(given),
    tarball: packTarget(given),
    dependencyCount: packages,
    unpackedSize: bytes,
    signature: 'unchecked',
    publishedAt: null,
  };
  facts.runtime = {
    kind: usableRuntimes(root).includes(node.version) ? 'root' : 'pack',
    version: node.version,
  };
  const present = findManifest(root, id);
  if (!present) return id;
  if (present.treeDigest !== treeDigest) {
    throw new ReleasesError('release_exists', `${id} is here already, with other files than the pack has.`, {
      hint: `openclaw-releases remove ${id}, then the same command again`,
    });
  }
  facts.replaces = await isDamaged(context, present);
  facts.alreadyStaged = !facts.replaces;
  if (facts.alreadyStaged && given === '-') rmSync(path, { force: true });
  return id;
}

/**
 * Unpacks the pack of a change in place of an install. Its file may have been replaced since it was verified: its
 * `pack.json` must be the same, and the digests in that are of all the rest.
 */
export async function unpackInto(directory: string, context: Context, sharing: Sharing): Promise<void> {
  const { root, change, signal } = context;
  const { pack: packed, runtime } = change.facts;
  if (!packed || !runtime) throw new ReleasesError('internal', 'A pack is unpacked that was not verified.');
  const node = join(directory, '..', runtimeDirectoryName(runtime.version), 'bin/node');
  if (runtime.kind === 'pack') mkdirSync(dirname(node), { recursive: true });
  let sharedBytes = 0;
  const { pack } = await withPack(packed.path, async (fd) => {
    const head = readHead(fd);
    if (sha256(head.text) !== packed.sha256) throw invalid(`${packed.path} changed since it was verified`);
    const base = requireBase(root, head.pack);
    sharedBytes = await unpackApart(fd, head, sharing, {
      directory,
      base: base ? filesByDigest(root, base) : new Map(),
      node: runtime.kind === 'pack' ? node : null,
      signal,
      onFile: (done, total) => context.progress('unpacking files', done, total),
    }).catch((error) => {
      throw signal.aborted ? interrupted(error) : error;
    });
    return head;
  });
  beginSync(directory);
  const { lockfileDigest, packages, skippedScripts } = pack;
  change.facts.install = { lockfileDigest, packages, skippedScripts, ranScripts: [], sharedBytes };
}

async function withPack(path: string, work: (fd: number) => Promise<PackHead>): Promise<PackHead> {
  const { fd } = opened(path);
  try {
    return await work(fd);
  } finally {
    closeSync(fd);
  }
}

function opened(path: string): { fd: number } {
  try {
    return openPlainFile(path, { follow: true });
  } catch (cause) {
    throw new ReleasesError('usage', `${path} ${whyUnusable(cause)}.`, {
      hint: `ls -l ${shellWord(path)}; or give it on the standard input: openclaw-releases import - < ${shellWord(path)}`,
      cause,
    });
  }
}
