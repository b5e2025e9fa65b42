import { valid } from 'semver';
import { systemCode } from '../core/errors.js';
import type { ClientOptions } from './client.js';
import { npmFetch, pacote } from './lazy-npm.js';
import { type VersionDocument, versionDocument } from './version-document.js';

/** `verified` by the registry's key; `absent` and `unchecked` (an archive of one's own) vouch for nothing. */
export type SignatureState = 'verified' | 'absent' | 'unchecked';

/** What pacote makes of one version, as far as it is used here; the rest is the package's own `package.json`. */
export interface RegistryManifest {
  name: string;
  version: string;
  _resolved: string;
  _integrity?: string;
  _signatures?: unknown[];
  /** When it was published, ISO 8601, where the document says it; pacote's own name for it. */
  _time?: string;
  dist?: { unpackedSize?: number };
  [field: string]: unknown;
}

export interface SignedManifest {
  manifest: RegistryManifest;
  signature: Exclude<SignatureState, 'unchecked'>;
}

/**
 * One version as the registry describes it, its signature checked where there is one. The newest answer, not a
 * cached one, so that a tag means what it means now.
 * @param wanted a version or a tag
 * @throws errors of npm's libraries, with their codes; a wrong signature among them
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
  // pacote passes what nobody signed as silently as what it verified.
  const verified = keys.length > 0 && (manifest._signatures?.length ?? 0) > 0;
  return { manifest, signature: verified ? 'verified' : 'absent' };
}

/** The document of a version alone, where that is enough: what was published too late for `before` only the whole one says. */
async function askAlone(
  name: string,
  wanted: string,
  options: ClientOptions,
): Promise<VersionDocument | null> {
  return valid(wanted) === wanted && !options.before ? versionDocument(name, wanted, options) : null;
}

/** Such a key vouches for what was published before its end, and only the whole document says when that was. */
function hasEndedKey({ dist }: VersionDocument, keys: PublicKey[]): boolean {
  const ended = new Set(keys.filter(({ expires }) => expires).map(({ keyid }) => keyid));
  return dist?.signatures?.some(({ keyid }) => ended.has(keyid)) ?? false;
}

/** pacote's cache of whole documents, with one that has nothing but this version. */
function only(document: VersionDocument) {
  const whole = { name: document.name, 'dist-tags': {}, versions: { [document.version]: document } };
  return { has: () => true, get: () => whole, set() {}, delete: () => true } as never;
}

interface PublicKey {
  key: string;
  keyid?: string;
  /** ISO 8601, or null for one that has no end. */
  expires?: string | null;
  [field: string]: unknown;
}

/** The keys the registry signs with, in the shape pacote wants; a registry that has no such page has none. */
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
