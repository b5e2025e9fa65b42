import { dirname } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import type { Count, Name, PathBelow, ReleaseVersion, Sha256 } from '../core/scalars.js';
import type { Manifest } from '../store/manifest.js';
import { isContained, OUTSIDE, parseList } from '../store/tree.js';

/** Names of the parts of a pack, in their order; the payload is the last. */
export const PARTS = { pack: 'pack.json', signature: 'pack.json.sig', list: 'files.sha256' } as const;

export const CODECS = ['zstd', 'gzip'] as const;

export type Codec = (typeof CODECS)[number];

export const payloadName = (codec: Codec) => `tree.tar.${codec === 'zstd' ? 'zst' : 'gz'}`;

/** Directory of the release in the payload, and its Node there. */
export const TREE = 'release';
export const NODE = 'node';

/** `pack.json`: everything that its pack holds follows from it. It has no time and no name of a host. */
export interface Pack
  extends Pick<
    Manifest,
    | 'schema'
    | 'version'
    | 'integrity'
    | 'engines'
    | 'schemas'
    | 'lockfileDigest'
    | 'packages'
    | 'skippedScripts'
  > {
  id: ReleaseVersion;
  main: PathBelow;
  /** Digest of `files.sha256`, which names every file. */
  treeDigest: Sha256;
  files: Count;
  bytes: Count;
  /** Files of the release that are programs. */
  executables: PathBelow[];
  /** Directories of the release in which nothing is. */
  directories: PathBelow[];
  platform: Platform;
  node: { version: Name; sha256: Sha256; bytes: Count };
  /** Release that must be there when it is imported: the payload lacks the files that it has, and perhaps its Node. */
  base: { id: ReleaseVersion; treeDigest: Sha256; hasNode: boolean } | null;
  payload: { codec: Codec; sha256: Sha256; bytes: Count };
}

export interface Platform {
  /** As `process.platform` and `process.arch` say. */
  os: string;
  arch: string;
  /** Null where the system has one C library. */
  libc: 'glibc' | 'musl' | null;
  /** Lowest version of glibc that its programs need; null without one. */
  glibc: string | null;
}

/** Entry of a payload; its content must have that digest. */
export type Packed = { path: string; mode: number } & ({ sha256: string } | { target: string });

export const READ_ONLY = 0o444;
export const EXECUTABLE = 0o555;

/**
 * Entries of a release, in the order of its list.
 * @throws ReleasesError `pack_invalid` for a list that could write outside of the release
 */
export function packedTree(
  list: string,
  { executables, directories }: Pick<Pack, 'executables' | 'directories'>,
): Packed[] {
  const programs = new Set(executables);
  const listed = parseList(list);
  const paths = [...listed.map(({ path }) => path), ...directories];
  const wrong = paths.find((path) => !isPlainPath(path));
  if (wrong !== undefined) throw invalid(`${JSON.stringify(wrong)} is not the path of a file of a release`);
  refuseClashes(paths);
  return listed.map((entry): Packed => {
    const { path } = entry;
    if (entry.kind === 'file') {
      if (!/^[0-9a-f]{64}$/.test(entry.sha256)) throw invalid(`${path} has no digest`);
      return { path, sha256: entry.sha256, mode: programs.has(path) ? EXECUTABLE : READ_ONLY };
    }
    if (entry.kind === 'link' && entry.target !== '' && isContained(path, entry.target))
      return { path, target: entry.target, mode: EXECUTABLE };
    throw invalid(`the link ${path} leads out of the release`);
  });
}

/** Refuses a path that is there twice, or that leads through a file, a link or an empty directory. */
function refuseClashes(listed: readonly string[]): void {
  const paths = new Set(listed);
  const directories = new Set<string>();
  for (const path of listed)
    for (let above = dirname(path); above !== '.' && !directories.has(above); above = dirname(above)) {
      if (paths.has(above)) throw invalid(`${path} lies below a file or a link`);
      directories.add(above);
    }
  if (paths.size < listed.length) throw invalid('a file is listed twice');
}

export function isPlainPath(path: string): boolean {
  const names = path.split('/');
  return !OUTSIDE.has(path) && !/[\0\\]/.test(path) && !names.some((name) => /^\.{0,2}$/.test(name));
}

export function invalid(why: string, cause?: unknown): ReleasesError {
  return new ReleasesError('pack_invalid', `The pack cannot be used: ${why}.`, {
    hint: 'Compare its sha256sum with that of the original, and copy it again.',
    untouched: 'Nothing was unpacked or changed.',
    cause,
  });
}
