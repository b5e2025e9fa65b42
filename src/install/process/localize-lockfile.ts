import npmFetch from 'npm-registry-fetch';
import type { ClientOptions } from '../../registry/client.js';
import { withoutAddresses } from '../lockfile.js';

/**
 * Keeps only the addresses that this host would have written; npm asks its registry for the others. Checksums prove the
 * packages of another host's lockfile, but that file must not choose the servers we contact.
 * @param archive address of the release's archive, when it is a file beside the lockfile
 */
export function withOwnAddresses(text: string, options: ClientOptions, archive?: string): string {
  return withoutAddresses(
    text,
    (resolved, name) => resolved !== archive && !isOwnAddress(name, resolved, options),
  );
}

function isOwnAddress(name: string, resolved: string, options: ClientOptions): boolean {
  if (!URL.canParse(resolved)) return false;
  const address = new URL(resolved);
  const registry = npmFetch.pickRegistry(name, options);
  if (address.href.startsWith(registry.endsWith('/') ? registry : `${registry}/`)) return true;
  // npm replaces this host by the registry's own.
  const replaced = options.replaceRegistryHost;
  return /^https?:$/.test(address.protocol) && (replaced === 'always' || replaced === address.hostname);
}
