import { withoutCredentials } from '../core/address.js';
import { ReleasesError } from '../core/errors.js';
import type { Name } from '../core/scalars.js';
import { readArchive } from './archive.js';
import type { ClientOptions } from './client.js';
import { reasonOf } from './offer.js';
import { type PackageFacts, readPackageJson } from './package-json.js';
import { ask } from './request.js';
import { fetchManifest, type SignatureState } from './signatures.js';
import type { Spec } from './spec.js';

/** One exact release before it is fetched; plain data. */
export interface Resolved extends PackageFacts {
  /** Directory name: the version, plus for an archive a suffix from its digest. */
  id: Name;
  /** The request as text: `latest`, `2026.6.1`, `file:/…`. */
  spec: string;
  /** Subresource Integrity of the archive. */
  integrity: string;
  /** Address of the archive, or `file:` and an absolute path. */
  tarball: string;
  /** Bytes of the package's own files, or null when the registry does not say. */
  unpackedSize: number | null;
  signature: SignatureState;
  /** ISO 8601, or null when unknown. */
  publishedAt: string | null;
  /** The publisher's reason; absent where it is not deprecated. */
  deprecated?: string;
}

/**
 * @throws ReleasesError `version_not_found`, `spec_invalid`, `not_openclaw`, `signature_invalid`, `archive_invalid`,
 *   `integrity_mismatch`, `registry_unreachable`, `registry_error`, `interrupted`
 */
export async function resolveRelease(
  spec: Spec,
  options: ClientOptions,
  signal?: AbortSignal,
): Promise<Resolved> {
  if (spec.kind === 'file') return resolveArchive(spec.path);
  const wanted = spec.kind === 'version' ? spec.version : spec.tag;
  const about = `openclaw@${wanted}`;
  const { manifest, signature } = await ask(about, options, signal, (bounded) =>
    fetchManifest('openclaw', wanted, bounded),
  );
  const facts = readPackageJson(manifest, about);
  if (spec.kind === 'version' && facts.version !== spec.version) {
    throw new ReleasesError('integrity_mismatch', `The registry gives ${facts.version} for ${about}.`, {
      hint: 'The registry or a proxy before it mixes up versions: try another with --registry <address>.',
    });
  }
  const deprecated = reasonOf(manifest.deprecated);
  return {
    ...facts,
    ...(deprecated !== null && { deprecated }),
    id: facts.version,
    spec: wanted,
    integrity: manifest._integrity,
    tarball: withoutCredentials(manifest._resolved),
    unpackedSize: manifest.dist?.unpackedSize ?? null,
    signature,
    publishedAt: typeof manifest._time === 'string' ? manifest._time : null,
  };
}

async function resolveArchive(path: string): Promise<Resolved> {
  const { integrity, packageJson, unpackedSize } = await readArchive(path);
  const facts = readPackageJson(packageJson, path);
  const digest = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
  return {
    ...facts,
    id: `${facts.version}+file.${digest.slice(0, 8)}`,
    spec: `file:${path}`,
    integrity,
    tarball: `file:${path}`,
    unpackedSize,
    signature: 'unchecked',
    publishedAt: null,
  };
}
