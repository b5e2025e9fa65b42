import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import ssri from 'ssri';
import { type ReadEntry, UnpackSync } from 'tar';

/** Bytes of an archive in memory at once. */
const READ_BYTES = 256 * 1024;
const buffer = Buffer.allocUnsafe(READ_BYTES);

const GZIP = 0x1f8b;

/** Errors of the archive and not of the disk: a file in place of a directory, a long name. npm skips such entries. */
const OWN_FAULT = /^(EISDIR|ENOTDIR|ENOTEMPTY|EEXIST|ELOOP|ENAMETOOLONG|EINVAL)$/;

export interface Unpacking {
  archive: string;
  /** Subresource Integrity; null when unknown, or when the caller checks it. */
  integrity: string | null;
  into: string;
}

/**
 * Unpacks as pacote does (modes, links, empty directories, `.gitignore`, first part of a path, entries that lead
 * outside), so that the tree is equal. Synchronous, because waiting for each file is most of the cost.
 * @throws errors of node-tar and of the disk; `EINTEGRITY` at the end
 */
export function unpack({ archive, integrity, into }: Unpacking): void {
  mkdirSync(into, { recursive: true });
  const wanted = integrity === null ? null : ssri.parse(integrity);
  const algorithm = wanted?.pickAlgorithm() ?? 'sha512';
  const hash = wanted && createHash(algorithm);
  const state = { failure: null as Error | null };
  const unpacker = createUnpacker(into, state);
  const file = openSync(archive, 'r');
  try {
    let compressed: boolean | null = null;
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
      const bytes = buffer.subarray(0, length);
      hash?.update(bytes);
      compressed ??= length > 1 && bytes.readUInt16BE() === GZIP;
      // node-tar keeps a part of uncompressed input until the rest arrives, so it gets a copy.
      unpacker.write(compressed ? bytes : Buffer.from(bytes));
      if (state.failure) throw state.failure;
    }
    unpacker.end();
    if (state.failure) throw state.failure;
  } finally {
    closeSync(file);
  }
  const found = hash && ssri.fromHex(hash.digest('hex'), algorithm);
  if (!found || wanted?.match(found)) return;
  throw Object.assign(new Error(`${archive} is not ${integrity}`), { code: 'EINTEGRITY' });
}

function createUnpacker(into: string, state: { failure: Error | null }): UnpackSync {
  const keep = keeper();
  const unpacker = new UnpackSync({
    cwd: into,
    strip: 1,
    umask: 0,
    noMtime: true,
    preserveOwner: false,
    filter: (_path, entry) => keep(entry as ReadEntry),
    // npm continues when it cannot write a file, as on a full disk, and the package would lack files.
    onwarn: (code, _message, data) => {
      const { syscall, code: reason } = data as { syscall?: string; code?: string };
      if (code !== 'TAR_ENTRY_ERROR' || !syscall || OWN_FAULT.test(reason ?? '')) return;
      state.failure ??= data as unknown as Error;
    },
  });
  unpacker.on('error', (error) => {
    state.failure ??= error as Error;
  });
  return unpacker;
}

/** Filter for one archive: accepts the entries that npm accepts, and sets npm's mode and name. */
function keeper(): (entry: ReadEntry) => boolean {
  const ignoreFiles = new Set<string>();
  return (entry) => {
    // Skips links, devices and directories; files create their own.
    if (!/File$/.test(entry.type)) return false;
    entry.mode = (entry.mode ?? 0) | 0o666;
    const name = basename(entry.path);
    if (name === '.npmignore') ignoreFiles.add(entry.path);
    if (name !== '.gitignore') return true;
    const renamed = entry.path.replace(/\.gitignore$/, '.npmignore');
    if (ignoreFiles.has(renamed)) return false;
    entry.path = renamed;
    return true;
  };
}
