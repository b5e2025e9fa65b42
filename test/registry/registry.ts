import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Catalog, type PublishOptions } from './catalog.js';
import { type Fault, Faults } from './faults.js';
import { abbreviate, type Resign } from './packument.js';
import { createSigningKey } from './signing-key.js';
import { type PackageFiles, packTarball } from './tarball.js';
import { type Document, jsonDocument, transmit } from './transmission.js';

export type { PublishOptions } from './catalog.js';
export type { Fault } from './faults.js';
export { type PackageFiles, writeTarball, writeTree } from './tarball.js';

/** An npm registry of our own, on the loopback, with signatures as the public one makes them. */
export interface Registry {
  /** Address with a trailing slash. */
  readonly url: string;
  /** Every request so far, as `GET /openclaw`; scoped names are decoded. */
  readonly requests: string[];
  /** The first version published also becomes `latest`, under any tag. Versions cannot be published twice. */
  publish(pkg: PackageFiles, options?: PublishOptions): void;
  /** Takes its tags away too; `latest` falls back to what was published last. */
  unpublish(name: string, version: string): void;
  tag(name: string, tag: string, version: string): void;
  deprecate(name: string, version: string, why: string): void;
  fault(fault: Fault): void;
  clearFaults(): void;
  close(): Promise<void>;
}

const INSTALL_TYPE = 'application/vnd.npm.install-v1+json';
const NOT_FOUND: Document = jsonDocument({ error: 'Not found' }, { status: 404 });

const VERSION_PATH = /^\/((?:@[^/]+\/)?[^/@]+)\/([^/]+)$/;
/** End of the key of the fault `ended-key`. */
export const KEY_END = '2026-06-15T00:00:00.000Z';

/** Seconds for which clients may believe a packument and a tarball, as the public registry says. */
const PACKUMENT_MAX_AGE = 300;
const TARBALL_MAX_AGE = 31_557_600;

/**
 * Starts the registry inside this process.
 * @param options.packumentMaxAge seconds for which a client may use a cached packument without asking. The default
 *   is that of the public registry, so a client that wants the newest must say so, here as there.
 * @param options.origin what it says that its address is, for clients that reach it by another way
 * @param options.now its clock, in milliseconds; that of this process unless given
 */
export async function startRegistry(
  options: { packumentMaxAge?: number; origin?: string; now?: () => number } = {},
): Promise<Registry> {
  const key = createSigningKey();
  const catalog = new Catalog(key);
  const faults = new Faults();
  const requests: string[] = [];
  let url = '';

  function spoiledSignatures(path: string): Resign | undefined {
    if (faults.take('no-signature', path)) return () => [];
    if (faults.take('wrong-signature', path)) return (id) => [key.sign(`${id}:other bytes`)];
    return undefined;
  }

  function packument(path: string, accept: string): Document {
    const found = catalog.packument(path.slice(1), options.origin ?? url, spoiledSignatures(path));
    if (!found) return NOT_FOUND;
    const maxAge = options.packumentMaxAge ?? PACKUMENT_MAX_AGE;
    if (!accept.includes(INSTALL_TYPE)) return jsonDocument(found, { maxAge });
    return jsonDocument(abbreviate(found), { maxAge, type: INSTALL_TYPE });
  }

  /** `/name/version` or `/name/tag`; the public registry has it as it stands in the packument. */
  function versionAlone(path: string): Document {
    const [, name = '', version = ''] = VERSION_PATH.exec(path) ?? [];
    const found = catalog.packument(name, options.origin ?? url, spoiledSignatures(path));
    const manifest = found?.versions[found['dist-tags'][version] ?? version];
    return manifest ? jsonDocument(manifest, { maxAge: PACKUMENT_MAX_AGE }) : NOT_FOUND;
  }

  function tarball(path: string): Document {
    const found = catalog.tarballAt(path);
    if (!found) return NOT_FOUND;
    const body = faults.take('wrong-integrity', path)
      ? packTarball({
          ...found.pkg,
          files: { ...found.pkg.files, 'not-published.txt': 'Not what was signed.' },
        })
      : found.tarball;
    return { status: 200, type: 'application/octet-stream', body, maxAge: TARBALL_MAX_AGE };
  }

  function documentFor(path: string, accept: string): Document {
    if (faults.take('server-error', path))
      return jsonDocument({ error: 'Broken on purpose' }, { status: 500 });
    if (faults.take('not-found', path)) return NOT_FOUND;
    if (path === '/-/npm/v1/keys') {
      const expires = faults.take('ended-key', path) ? KEY_END : key.publicKey.expires;
      return jsonDocument({ keys: faults.take('no-keys', path) ? [] : [{ ...key.publicKey, expires }] });
    }
    if (path.endsWith('.tgz')) return tarball(path);
    return VERSION_PATH.test(path) ? versionAlone(path) : packument(path, accept);
  }

  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', url).pathname);
    requests.push(`${request.method} ${path}`);
    if (options.now) response.setHeader('date', new Date(options.now()).toUTCString());
    const usual =
      request.method === 'GET' || request.method === 'HEAD'
        ? documentFor(path, request.headers.accept ?? '')
        : NOT_FOUND;
    const odd = usual.type === 'application/octet-stream' ? undefined : faults.take('odd-document', path);
    const document = odd?.change ? jsonDocument(odd.change(JSON.parse(String(usual.body)))) : usual;
    // A client that goes away in the middle is not an error here.
    transmit(document, { request, response, path }, faults).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  return {
    url,
    requests,
    publish: (pkg, publishOptions = {}) => catalog.publish(pkg, publishOptions),
    unpublish: (name, version) => catalog.unpublish(name, version),
    tag: (name, tag, version) => catalog.tag(name, tag, version),
    deprecate: (name, version, why) => catalog.deprecate(name, version, why),
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
