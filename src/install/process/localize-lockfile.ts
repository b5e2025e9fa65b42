import npmFetch from 'npm-registry-fetch';
import type { ClientOptions } from '../../registry/client.js';

interface Text {
  packages: Record<string, { name?: string; resolved?: string }>;
}

/**
 * A lockfile with only those addresses in it that this host would have written itself. The others are left out, and npm
 * asks its registry where the package is: what a lockfile of another host says of packages is proven by their checksums,
 * but it is not to say whom this host talks to.
 * @param text of a `package-lock.json`
 * @param options of npm, for its registries
 * @param archive the address of the archive that the release is made of, where that is a file beside the lockfile
 */
export function withOwnAddresses(text: string, options: ClientOptions, archive?: string): string {
  const lockfile = JSON.parse(text) as Text;
  let isOwn = true;
  for (const [location, locked] of Object.entries(lockfile.packages)) {
    const { name = location.split('node_modules/').at(-1) ?? '', resolved } = locked;
    if (resolved === undefined || resolved === archive || isOwnAddress(name, resolved, options)) continue;
    delete locked.resolved;
    isOwn = false;
  }
  return isOwn ? text : `${JSON.stringify(lockfile, null, 2)}\n`;
}

function isOwnAddress(name: string, resolved: string, options: ClientOptions): boolean {
  if (!URL.canParse(resolved)) return false;
  const address = new URL(resolved);
  const registry = npmFetch.pickRegistry(name, options);
  if (address.href.startsWith(registry.endsWith('/') ? registry : `${registry}/`)) return true;
  // npm puts the registry's own host in the place of this one.
  const replaced = options.replaceRegistryHost;
  return /^https?:$/.test(address.protocol) && (replaced === 'always' || replaced === address.hostname);
}
