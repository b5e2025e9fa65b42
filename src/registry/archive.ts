import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import ssri from 'ssri';
import { list, type ReadEntry } from 'tar';
import { ReleasesError, systemCode } from '../core/errors.js';

/** Bytes; no `package.json` is larger, and a larger one is not read into memory. */
const PACKAGE_JSON_LIMIT = 4 * 1024 * 1024;

export interface ArchiveFacts {
  /** SHA-512 of the file, as Subresource Integrity. */
  integrity: string;
  packageJson: unknown;
  /** Bytes of all files in the archive. */
  unpackedSize: number;
}

/**
 * Reads an npm archive without unpacking it: pacote would write all of it to disk for one `package.json`.
 * @throws ReleasesError `version_not_found`, `spec_invalid`, `archive_invalid`
 */
export async function readArchive(path: string): Promise<ArchiveFacts> {
  await checkFile(path);
  const [integrity, contents] = await Promise.all([hashFile(path), listArchive(path)]);
  return { integrity, ...contents };
}

export async function hashFile(path: string): Promise<string> {
  return String(await ssri.fromStream(createReadStream(path), { algorithms: ['sha512'] }));
}

async function checkFile(path: string): Promise<void> {
  try {
    if ((await stat(path)).isFile()) return;
  } catch (cause) {
    throw new ReleasesError(
      'version_not_found',
      `There is no archive ${path} to read (${systemCode(cause)}).`,
      {
        hint: 'npm pack openclaw@<version> makes one.',
        cause,
      },
    );
  }
  throw new ReleasesError('spec_invalid', `${path} is not a file.`, { hint: 'npm pack <directory>' });
}

async function listArchive(path: string): Promise<Omit<ArchiveFacts, 'integrity'>> {
  const chunks: Buffer[] = [];
  let unpackedSize = 0;
  const onReadEntry = (entry: ReadEntry) => {
    unpackedSize += entry.size;
    if (isPackageJson(entry)) entry.on('data', (chunk) => chunks.push(chunk));
  };
  try {
    await list({ file: path, strict: true, onReadEntry });
    return { packageJson: JSON.parse(Buffer.concat(chunks).toString('utf8')), unpackedSize };
  } catch (cause) {
    const reason = systemCode(cause) ?? 'it has no readable package.json';
    throw new ReleasesError(
      'archive_invalid',
      `${path} is damaged, cut off or not an npm archive (${reason}).`,
      {
        hint: 'Fetch or pack the archive again; npm pack openclaw@<version> makes one.',
        cause,
      },
    );
  }
}

/** Ignores the first directory of the path, as npm does for any name. */
function isPackageJson(entry: ReadEntry): boolean {
  const [, ...rest] = entry.path.split('/').filter((part) => part !== '.' && part !== '');
  return rest.join('/') === 'package.json' && entry.size <= PACKAGE_JSON_LIMIT;
}
