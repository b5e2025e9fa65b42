import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

/** A package as its files, package.json among them; paths are relative to the package's root. */
export interface PackageFiles {
  name: string;
  version: string;
  /** A plain string is a file of mode 0644. */
  files: Record<string, string | { text: string; mode: number }>;
}

/** The date npm itself stamps on every file it packs, so that the same files make the same bytes. */
const PACKED_AT = new Date('1985-10-26T08:15:00.000Z');
const BLOCK = 512;

/** The files as bytes, in the order in which they were listed. */
export function entriesOf(pkg: PackageFiles): { path: string; mode: number; bytes: Buffer }[] {
  return Object.entries(pkg.files).map(([path, file]) => {
    const { text, mode } = typeof file === 'string' ? { text: file, mode: 0o644 } : file;
    return { path, mode, bytes: Buffer.from(text) };
  });
}

/** Packs in memory what `npm pack` would: gzipped, everything below `package/`, the same bytes every time. */
export function packTarball(pkg: PackageFiles): Buffer {
  const blocks: Buffer[] = [];
  for (const { path, mode, bytes } of entriesOf(pkg)) {
    const header = new Header({
      path: `package/${path}`,
      mode,
      size: bytes.length,
      mtime: PACKED_AT,
      type: 'File',
    });
    if (header.encode()) throw new Error(`The path is too long for a plain tar header: ${path}`);
    blocks.push(header.block ?? Buffer.alloc(BLOCK), bytes, Buffer.alloc(-bytes.length & (BLOCK - 1)));
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]));
}

/** Writes the tarball for a `file:` spec; `truncateTo: 0.5` leaves out the second half of its bytes. */
export function writeTarball(pkg: PackageFiles, path: string, options: { truncateTo?: number } = {}): void {
  const bytes = packTarball(pkg);
  writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * (options.truncateTo ?? 1))));
}

/** Writes the files into `directory` as unpacking would, over what is there; runs none of their scripts. */
export function writeTree(pkg: PackageFiles, directory: string): void {
  for (const { path, mode, bytes } of entriesOf(pkg)) {
    const target = join(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, bytes, { mode });
  }
}
