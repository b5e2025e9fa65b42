import { verify } from 'node:crypto';
import pacote from 'pacote';
import { valid } from 'semver';
import { ReleasesError } from '../core/errors.js';
import { checksumStrength } from './checksum.js';
import type { ClientOptions } from './client.js';
import { fetchPackument, type Packument } from './packument.js';
import { newestAllowed, tooNew } from './release-age.js';
import { publicKey, type SigningKey } from './signing-keys.js';
import { pickFrom, versionDocument } from './version-document.js';

/**
 * `verified`: signed with a key that we pinned or the operator named. `absent`: without a signature. `unchecked`: a local
 * archive, or signed with other keys alone. Neither of these two proves anything.
 */
export type SignatureState = 'verified' | 'absent' | 'unchecked';

/** Document of the registry itself, in the shape that `isManifest` has checked. */
interface Dist {
  signatures?: { keyid: string; sig: string }[] | null;
}

/** pacote's manifest, with the fields that we use; the rest is the package's own `package.json`. */
export interface RegistryManifest {
  name: string;
  version: string;
  _resolved: string;
  _integrity: string;
  _signatures?: Dist['signatures'];
  /** ISO 8601, time of publication; pacote's name for it. */
  _time?: string;
  dist?: { unpackedSize?: number };
  [field: string]: unknown;
}

export interface SignedManifest {
  manifest: RegistryManifest;
  signature: SignatureState;
}

/**
 * Fetches one version or tag; checks its signatures by the keys in `options`, never by those that a registry serves.
 * Revalidates cached answers: tags mean today's version.
 * @throws errors of npm's libraries, with their codes; also for a wrong signature
 * @throws ReleasesError `release_too_new`, `registry_error` without a checksum that npm can check
 */
export async function fetchManifest(
  name: string,
  wanted: string,
  options: ClientOptions,
): Promise<SignedManifest> {
  const before = newestAllowed(name, options);
  const fresh = { ...options, before, preferOnline: !options.offline && !options.preferOffline };
  // For `before` only the whole document has the time of publication.
  const isAlone = valid(wanted) === wanted && !before;
  const alone = isAlone ? await versionDocument(name, wanted, fresh) : null;
  const document =
    alone && !hasEndedKey(alone, options.signingKeys) ? alone : await fetchPackument(name, fresh);
  const manifest = (await pacote
    .manifest(`${name}@${wanted}`, {
      ...fresh,
      fullMetadata: true,
      ...pickFrom(document),
    })
    .catch((error) => {
      throw tooNew(error, options, wanted) ?? error;
    })) as unknown as RegistryManifest;
  if (checksumStrength(manifest._integrity) === null)
    throw new ReleasesError('registry_error', `The registry gives no checksum for ${name}@${wanted}.`, {
      hint: 'Use a registry that does: --registry <address>',
    });
  return { manifest, signature: checkSignatures(name, manifest, options.signingKeys) };
}

/** Keys with an end prove only what was published before it; only the whole document has that time. */
function hasEndedKey({ versions = {} }: Packument, keys: SigningKey[]): boolean {
  const ended = new Set(keys.filter(({ expires }) => expires).map(({ keyid }) => keyid));
  return Object.values(versions).some(({ dist }) =>
    (dist as Dist | undefined)?.signatures?.some(({ keyid }) => ended.has(keyid)),
  );
}

/**
 * The name is the requested one: a registry could show the signed checksum of another package. pacote checks
 * every signature or none, and a mirror may add its own to npm's.
 */
export function checkSignatures(
  name: string,
  manifest: RegistryManifest,
  keys: SigningKey[],
): SignatureState {
  const { version, _integrity, _signatures, _time } = manifest;
  const signatures = _signatures ?? [];
  const known = signatures.flatMap(({ keyid, sig }) =>
    keys.filter((key) => key.keyid === keyid).map((key) => ({ key, sig })),
  );
  for (const { key, sig } of known) {
    if (key.expires && _time && Date.parse(_time) >= Date.parse(key.expires))
      throw invalid('EEXPIREDSIGNATUREKEY');
    const signed = Buffer.from(`${name}@${version}:${_integrity}`);
    if (!verify('sha256', signed, publicKey(key), Buffer.from(sig, 'base64')))
      throw invalid('EINTEGRITYSIGNATURE');
  }
  if (known.length > 0) return 'verified';
  return signatures.length > 0 ? 'unchecked' : 'absent';
}

function invalid(code: string): Error {
  return Object.assign(new Error('The signature is wrong.'), { code });
}
