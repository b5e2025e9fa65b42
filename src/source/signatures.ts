import { systemCode } from '../errors.js';
import type { ClientOptions } from './client.js';
import { npmFetch, pacote } from './libraries.js';

/** `verified` by the registry's key; `absent` and `unchecked` (an archive of one's own) vouch for nothing. */
export type SignatureState = 'verified' | 'absent' | 'unchecked';

/** What pacote makes of one version, as far as it is used here; the rest is the package's own `package.json`. */
export interface RegistryManifest {
  name: string;
  version: string;
  _resolved: string;
  _integrity?: string;
  _signatures?: unknown[];
  /** When it was published, ISO 8601; pacote's own name for it. */
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
 * @param spec `name@version` or `name@tag`
 * @throws errors of npm's libraries, with their codes; a wrong signature among them
 */
export async function fetchManifest(spec: string, options: ClientOptions): Promise<SignedManifest> {
  const keys = await fetchKeys(options);
  const { host, pathname } = new URL(options.registry);
  const { manifest: ask } = await pacote();
  const manifest = (await ask(spec, {
    ...options,
    preferOnline: !options.offline && !options.preferOffline,
    fullMetadata: true,
    ...(keys.length > 0 && { verifySignatures: true, [`//${host}${pathname}:_keys`]: keys }),
  })) as unknown as RegistryManifest;
  // pacote passes what nobody signed as silently as what it verified.
  const verified = keys.length > 0 && (manifest._signatures?.length ?? 0) > 0;
  return { manifest, signature: verified ? 'verified' : 'absent' };
}

interface PublicKey {
  key: string;
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
