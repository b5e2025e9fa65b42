import { type Packument, readPackument } from '../../registry/packument.js';
import { collectGarbage } from './gc.js';
import { type Selection, Sieve } from './json-filter.js';

export type Json = Record<string, unknown>;

/** Version of the stored form; must change with the kept fields. */
export const FORM = 1;

/** Fields that npm needs for a tree and a lockfile; the others are nine tenths of the document. */
const KEPT = [
  ...['name', 'version', '_id', 'bin', 'directories', 'deprecated', 'license', 'licenses', 'funding'],
  ...[
    'dependencies',
    'optionalDependencies',
    'peerDependencies',
    'peerDependenciesMeta',
    'acceptDependencies',
  ],
  ...['bundleDependencies', 'bundledDependencies', 'workspaces', '_hasShrinkwrap', 'hasShrinkwrap'],
  ...['engines', 'os', 'cpu', 'libc', 'gypfile', 'hasInstallScript'],
];
const SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];
const WANTED = new Set(['name', 'dist-tags', 'stagedVersions', 'policyRestrictions']);
const WANTED_OF_VERSION = new Set([...KEPT, 'scripts']);
const WANTED_OF_DIST = new Set(['tarball', 'integrity', 'shasum']);

/**
 * Streams a registry's document about a package and keeps the fields that npm needs.
 * @param withTimes keeps the times of publication
 * @throws SyntaxError for invalid or incomplete JSON; ReleasesError `registry_error` for a wrong shape; errors of the
 *   stream
 */
export async function readDocument(body: unknown, name: string, withTimes: boolean): Promise<Json> {
  const document = await pass(body, (path) => (withTimes && path[0] === 'time' ? 'all' : select(path)));
  return shorten(readPackument(document, name), withTimes);
}

async function pass(body: unknown, selection: (path: readonly string[]) => Selection): Promise<unknown> {
  const sieve = new Sieve(selection);
  await take(body, (bytes) => {
    sieve.write(bytes);
    collectGarbage(bytes.length);
  });
  return sieve.end();
}

/** Listens for `data`, because iterating over npm's streams causes a warning about listeners. */
async function take(body: unknown, write: (bytes: Buffer) => void): Promise<void> {
  const stream = body as NodeJS.EventEmitter & { promise(): Promise<void> };
  stream.on('data', write);
  await stream.promise();
}

/** Reads a registry's document about one version; otherwise like `readDocument`. */
export async function readVersion(body: unknown): Promise<Json> {
  return shortenVersion(record(await pass(body, (path) => select(['versions', '', ...path]))));
}

function select([first = '', version, key, ofKey]: readonly string[]): Selection {
  if (first !== 'versions') return WANTED.has(first) ? 'all' : 'nothing';
  if (version === undefined || key === undefined) return 'parts';
  if (key !== 'dist') return WANTED_OF_VERSION.has(key) ? 'all' : 'nothing';
  return ofKey === undefined ? 'parts' : WANTED_OF_DIST.has(ofKey) ? 'all' : 'nothing';
}

export function shorten(document: Packument, withTimes: boolean): Json {
  const { versions, stagedVersions, policyRestrictions, time } = document;
  return {
    name: document.name,
    'dist-tags': document['dist-tags'],
    versions: Object.fromEntries(
      Object.entries(record(versions)).map(([version, manifest]) => [
        version,
        shortenVersion(record(manifest)),
      ]),
    ),
    ...(stagedVersions !== undefined && { stagedVersions }),
    ...(policyRestrictions !== undefined && { policyRestrictions }),
    ...(withTimes && { time }),
  };
}

function shortenVersion(manifest: Json): Json {
  const kept: Json = {};
  for (const key of KEPT) if (manifest[key] !== undefined) kept[key] = manifest[key];
  const scripts = record(manifest.scripts);
  for (const name of SCRIPTS)
    if (scripts[name]) kept.scripts = { ...record(kept.scripts), [name]: scripts[name] };
  const { tarball, integrity, shasum } = record(manifest.dist);
  return { ...kept, dist: { tarball, ...(integrity ? { integrity } : { shasum }) } };
}

/** Replaces any other value by an empty object, because a registry may send anything. */
export function record(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
