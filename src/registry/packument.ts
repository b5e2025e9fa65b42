import npa from 'npm-package-arg';
import npmFetch from 'npm-registry-fetch';
import { ReleasesError } from '../core/errors.js';
import { isRecord, type Json } from '../core/json.js';
import type { ClientOptions } from './client.js';

export interface Packument {
  name: string;
  'dist-tags'?: Record<string, string>;
  /** Absent for a package that was unpublished. */
  versions?: Record<string, Json>;
  /** ISO 8601 by version; npm also puts other things there. */
  time?: Json | null;
  [field: string]: unknown;
}

/**
 * Fetches the whole document of a package.
 * @throws ReleasesError `registry_error` for a document of a wrong shape; errors of npm's libraries
 */
export async function fetchPackument(name: string, options: ClientOptions): Promise<Packument> {
  const spec = npa(name);
  const headers = { accept: 'application/json' };
  return readPackument(await npmFetch.json(`/${spec.escapedName}`, { ...options, headers, spec }), name);
}

/** @throws ReleasesError `registry_error` */
export function readPackument(document: unknown, name: string): Packument {
  const isFit =
    isRecord(document) &&
    typeof document.name === 'string' &&
    isAbsentOr(isTexts, document['dist-tags']) &&
    isAbsentOr(isManifests, document.versions) &&
    isAbsentOr(isRecord, document.time ?? undefined);
  if (isFit) return document as unknown as Packument;
  throw misshapen(`document of ${name}`);
}

/** Checks the parts of a version that the registry itself wrote; the others are the package's own. */
export function isManifest(value: unknown): value is Json {
  if (!isRecord(value)) return false;
  const dist = value.dist ?? {};
  if (!isRecord(dist)) return false;
  const { tarball, integrity, shasum, signatures } = dist;
  return (
    [tarball, integrity, shasum].every((text) => (text ?? '') === '' || typeof text === 'string') &&
    isListOf(signatures ?? [], ({ keyid, sig }) => typeof keyid === 'string' && typeof sig === 'string')
  );
}

function isAbsentOr(is: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || is(value);
}

function isTexts(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((text) => typeof text === 'string');
}

function isManifests(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every(isManifest);
}

function isListOf(value: unknown, is: (item: Json) => boolean): value is Json[] {
  return Array.isArray(value) && value.every((item) => isRecord(item) && is(item));
}

function misshapen(what: string): ReleasesError {
  return new ReleasesError('registry_error', `The registry's ${what} has a wrong shape.`, {
    hint: 'Use another registry: --registry <address>',
    untouched: 'Nothing that runs was changed.',
  });
}
