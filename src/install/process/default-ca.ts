import tls from 'node:tls';
import type { ClientOptions } from '../../registry/client.js';

/** Since Node 22.19 and 24.5. */
interface LaterTls {
  setDefaultCACertificates?(certificates: unknown): void;
}

/**
 * Makes the certificate authorities of npm's configuration those of this process, instead of giving them with each request:
 * Node parses all of them for each connection then, which takes a megabyte and some milliseconds, and compares them for each
 * request.
 * @returns the options without them; with them where this Node cannot do so, or cannot read them, for the first request to say so
 */
export function trustOnce(options: ClientOptions): ClientOptions {
  const { setDefaultCACertificates: setDefault } = tls as LaterTls;
  if (!options.ca || !setDefault) return options;
  try {
    setDefault([options.ca].flat());
    return { ...options, ca: null };
  } catch {
    return options;
  }
}
