import { valid } from 'semver';
import { systemCode } from '../core/errors.js';
import type { ClientOptions } from './client.js';
import { npmFetch, pacote } from './lazy-npm.js';
import { type VersionDocument, versionDocument } from './version-document.js';

/** `verified`: by the registry's key. `absent` and `unchecked` (a local archive) prove nothing. */
export type SignatureState = 'verified' | 'absent' | 'unchecked';

/** pacote's manifest, with the fields that we use; the rest is the package's own `package.json`. */
export interface RegistryManifest {
  name: string;
  version: string;
  _resolved: string;
  _integrity?: string;
  _signatures?: unknown[];
  /** ISO 8601, time of publication; pacote's name for it. */
  _time?: string;
  dist?: { unpackedSize?: number };
  [field: string]: unknown;
}

export interface SignedManifest {
  manifest: RegistryManifest;
  signature: Exclude<SignatureState, 'unchecked'>;
}

/**
 * Fetches one version or tag; checks its signature if any. Revalidates cached answers: tags mean today's version.
 * @throws errors of npm's libraries, with their codes; also for a wrong signature
 */
export async function fetchManifest(
  name: string,
  wanted: string,
  options: ClientOptions,
): Promise<SignedManifest> {
  const fresh = { ...options, preferOnline: !options.offline && !options.preferOffline };
  const [keys, alone] = await Promise.all([fetchKeys(options), askAlone(name, wanted, fresh)]);
  const { host, pathname } = new URL(options.registry);
  const { manifest: ask } = await pacote();
  const manifest = (await ask(`${name}@${wanted}`, {
    ...fresh,
    fullMetadata: true,
    ...(keys.length > 0 && { verifySignatures: true, [`//${host}${pathname}:_keys`]: keys }),
    ...(alone && !hasEndedKey(alone, keys) && { packumentCache: only(alone) }),
  })) as unknown as RegistryManifest;
  // pacote accepts an unsigned package as silently as a verified one.
  const verified = keys.length > 0 && (manifest._signatures?.length ?? 0) > 0;
  return { manifest, signature: verified ? 'verified' : 'absent' };
}

/** Skips the short document for `before`: only the whole one has the time of publication. */
async function askAlone(
  name: string,
  wanted: string,
  options: ClientOptions,
): Promise<VersionDocument | null> {
  return valid(wanted) === wanted && !options.before ? versionDocument(name, wanted, options) : null;
}

/** Keys with an end prove only what was published before it; only the whole document has that time. */
function hasEndedKey({ dist }: VersionDocument, keys: PublicKey[]): boolean {
  const ended = new Set(keys.filter(({ expires }) => expires).map(({ keyid }) => keyid));
  return dist?.signatures?.some(({ keyid }) => ended.has(keyid)) ?? false;
}

/** Stand-in for pacote's cache of whole documents, with only this version. */
function only(document: VersionDocument) {
  const whole = { name: document.name, 'dist-tags': {}, versions: { [document.version]: document } };
  return { has: () => true, get: () => whole, set() {}, delete: () => true } as never;
}

interface PublicKey {
  key: string;
  keyid?: string;
  /** ISO 8601, or null for a key without an end. */
  expires?: string | null;
  [field: string]: unknown;
}

/** Returns the registry's signing keys in pacote's shape; none if the registry has no such page (4xx). */
async function fetchKeys(options: ClientOptions): Promise<PublicKey[]> {
  try {
    const fetch = await npmFetch();
    const { keys } = (await fetch.json('/-/npm/v1/keys', options)) as { keys?: PublicKey[] };
    return (keys ?? []).map((key) => ({
      ...key,
      pemkey: `-----BEGIN PUBLIC KEY-----\n${key.key}\n-----END PUBLIC KEY-----`,
    }));
  } catch (error) {
    if (/^E4\d\d$/.test(systemCode(error) ?? '')) return [];
    throw error;
  }
}
