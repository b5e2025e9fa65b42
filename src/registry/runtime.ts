import { compare, major, parse, satisfies } from 'semver';
import { ReleasesError } from '../core/errors.js';
import { glibcVersion } from '../host/libc.js';
import type { ClientOptions } from './client.js';
import { canBeCopied, chooseLocal, type LocalNode, type RuntimeChoice, unavailable } from './node-choice.js';
import { fetchPackument } from './packument.js';
import { newestAllowed } from './release-age.js';
import { ask } from './request.js';
import { fetchManifest } from './signatures.js';

export interface HostPlatform {
  platform: string;
  arch: string;
  /** Requirement of the registry's builds for Linux. */
  glibc: boolean;
}

export interface RuntimeRequest {
  engines: string | null;
  nodes: LocalNode[];
  options: ClientOptions;
  signal?: AbortSignal | undefined;
  platform?: HostPlatform;
}

/** Reasons to take a Node that shares libraries. A wrong signature is none. */
const INSTEAD = new Set<string>(['node_unavailable', 'registry_unreachable', 'registry_error']);

/**
 * Chooses a Node that is here, then one to fetch: the newest of the lowest even line in the range. The release was tried
 * on the line that its range begins with, and Node never supports odd lines for long. A Node that shares libraries with
 * the host comes last: an upgrade of the host can take these away.
 * @throws ReleasesError `node_unavailable`, `signature_invalid`, `registry_unreachable`, `registry_error`,
 *   `interrupted`
 */
export async function chooseRuntime(request: RuntimeRequest): Promise<RuntimeChoice> {
  const { engines, nodes } = request;
  const local = chooseLocal(engines, nodes);
  if (local) return local;
  const { platform, arch } = request.platform ?? process;
  try {
    if (platform === 'linux' && !(request.platform?.glibc ?? glibcVersion() !== null)) {
      const why = `OpenClaw needs Node ${engines ?? '*'}, and there are no ready-made ones for a Linux without glibc.`;
      throw unavailable(why, engines);
    }
    return await find(`node-${platform}-${arch}`, engines ?? '*', request);
  } catch (error) {
    const shared = chooseLocal(engines, nodes, canBeCopied);
    if (shared && error instanceof ReleasesError && INSTEAD.has(error.code)) return shared;
    throw error;
  }
}

async function find(
  name: string,
  engines: string,
  { options, signal }: RuntimeRequest,
): Promise<RuntimeChoice> {
  try {
    return await ask(name, options, signal, async (bounded) => {
      const { versions = {}, time } = await fetchPackument(name, bounded);
      const limit = newestAllowed(name, bounded);
      const old = (version: string) =>
        limit === null || !time?.[version] || Date.parse(String(time[version])) <= limit.getTime();
      const version = pickVersion(Object.keys(versions).filter(old), engines);
      if (version === null) throw unavailable(`The registry has no Node that satisfies ${engines}.`, engines);
      const { manifest } = await fetchManifest(name, version, bounded);
      return { kind: 'registry', version, package: name, integrity: manifest._integrity };
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
