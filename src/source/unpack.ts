import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import ssri from 'ssri';
import { type Parser, type ReadEntry, UnpackSync } from 'tar';
import { OddArchive, OWN_FAULT, PlainWriter } from './plain-writer.js';

/** How much of an archive is in memory at once. */
const READ_BYTES = 256 * 1024;

/** How a gzip file begins. */
const GZIP = 0x1f8b;

/** An archive on disk, and the directory to make of it. */
export interface Unpacking {
  archive: string;
  /** Subresource Integrity, or null where nobody knows it. */
  integrity: string | null;
  into: string;
}

/**
 * Unpacks as npm does: the modes, what becomes of links, of empty directories, of `.gitignore`, of the first directory and of entries that
 * lead outside are those of pacote, so that the tree is the same. Without waiting for each file, as the waiting is most
 * of what unpacking costs.
 * @throws errors of node-tar and of the disk, and one with the code `EINTEGRITY` at the end
 */
export function unpack(unpacking: Unpacking): void {
  const { into } = unpacking;
  const writer = new PlainWriter(into, keeper());
  try {
    feed(writer.parser, unpacking, writer);
  } catch (error) {
    if (!(error instanceof OddArchive)) throw error;
    // node-tar knows what to do with everything, at twice the price.
    rmSync(into, { recursive: true, force: true });
    mkdirSync(into);
    const errors = { failure: null as Error | null };
    feed(createUnpacker(into, errors), unpacking, errors);
  } finally {
    writer.close();
  }
}

/** @param state where the parser's owner puts the first thing that went wrong */
function feed(parser: Parser, { archive, integrity }: Unpacking, state: { failure: Error | null }): void {
  const wanted = integrity === null ? null : ssri.parse(integrity);
  const algorithm = wanted?.pickAlgorithm() ?? 'sha512';
  const hash = createHash(algorithm);
  const file = openSync(archive, 'r');
  try {
    let compressed: boolean | null = null;
    let bytes = Buffer.allocUnsafe(READ_BYTES);
    while (!state.failure) {
      const length = readSync(file, bytes);
      if (length === 0) break;
      compressed ??= bytes.readUInt16BE() === GZIP;
      hash.update(bytes.subarray(0, length));
      parser.write(bytes.subarray(0, length));
      // Of an archive that is not compressed, node-tar keeps a part until the rest has come.
      if (!compressed) bytes = Buffer.allocUnsafe(READ_BYTES);
    }
  } finally {
    closeSync(file);
  }
  if (!state.failure) parser.end();
  if (state.failure) throw state.failure;
  if (wanted && !wanted.match(ssri.fromHex(hash.digest('hex'), algorithm))) {
    throw Object.assign(new Error(`${archive} is not ${integrity}`), { code: 'EINTEGRITY' });
  }
}

function createUnpacker(into: string, errors: { failure: Error | null }): UnpackSync {
  const keep = keeper();
  const unpacker = new UnpackSync({
    cwd: into,
    strip: 1,
    umask: 0,
    noMtime: true,
    preserveOwner: false,
    filter: (_path, entry) => keep(entry as ReadEntry),
    // npm goes on when a file cannot be written, as on a full disk: the package would be one with holes.
    onwarn: (code, _message, data) => {
      const { syscall, code: reason } = data as { syscall?: string; code?: string };
      if (code !== 'TAR_ENTRY_ERROR' || !syscall || OWN_FAULT.test(reason ?? '')) return;
      errors.failure ??= data as unknown as Error;
    },
  });
  unpacker.on('error', (error) => {
    errors.failure ??= error as Error;
  });
  return unpacker;
}

/** Whether npm takes an entry of one archive, which gets the mode and the name that npm gives it. */
function keeper(): (entry: ReadEntry) => boolean {
  const ignoreFiles = new Set<string>();
  return (entry) => {
    // Links and devices, and directories that nothing is in.
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
