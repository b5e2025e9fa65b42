import tls from 'node:tls';
import type { ClientOptions } from '../../registry/client.js';

/** Available since Node 22.19 and 24.5. */
interface LaterTls {
  setDefaultCACertificates?(certificates: unknown): void;
}

/**
 * Sets npm's certificate authorities once for this process. In the options, Node would parse them for each connection
 * (a megabyte, some ms) and compare them for each request.
 * @returns options without `ca`; unchanged when Node cannot set or read them, so that the first request reports it
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
