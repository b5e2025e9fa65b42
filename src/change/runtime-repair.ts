import { join } from 'node:path';
import { ReleasesError, toErrorRecord } from '../core/errors.js';
import { provideRuntime } from '../install/runtime.js';
import type { LocalNode, RuntimeChoice } from '../registry/node-choice.js';
import { chooseLocal } from '../registry/node-choice.js';
import { currentRelease, previousRelease } from '../store/links.js';
import { listReleases, type Manifest, releaseDirectory } from '../store/manifest.js';
import type { Repair } from '../store/repair.js';
import type { Root } from '../store/root.js';
import { bindRuntime, describeRuntime, runtimeFault } from '../store/runtimes.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { localNodes } from './nodes.js';

export interface RuntimeRepair {
  root: Root;
  supervisor: Supervisor;
  signal?: AbortSignal | undefined;
  /** Reads every Node; otherwise only those that look different from outside. */
  thorough: boolean;
  /** False before the network is there. */
  mayFetch: boolean;
}

/**
 * Gives each release whose Node is missing, damaged or outside of the root another Node that it accepts. `current` and
 * `previous` come first. Reports a release for which there is none.
 */
export async function repairRuntimes(request: RuntimeRepair): Promise<Repair[]> {
  const { root, thorough } = request;
  const repaired: Repair[] = [];
  for (const manifest of inOrder(root)) {
    const fault = runtimeFault(root, manifest, thorough);
    if (fault === null) continue;
    const path = join(releaseDirectory(root, manifest.id), 'node');
    const instead = await replace(request, manifest).catch((error) => {
      if (request.signal?.aborted) throw error;
      const { message, hint } = toErrorRecord(error);
      return `Nothing: ${message}${hint ? ` Next: ${hint}` : ''}`;
    });
    repaired.push({ path, movedTo: null, why: `starts nothing: ${fault}`, instead });
  }
  return repaired;
}

function inOrder(root: Root): Manifest[] {
  const first = [currentRelease(root), previousRelease(root)];
  const rank = ({ id }: Manifest) => first.indexOf(id) + 1 || first.length + 1;
  return listReleases(root).releases.sort((a, b) => rank(a) - rank(b));
}

async function replace(request: RuntimeRepair, manifest: Manifest): Promise<string> {
  const { root, signal } = request;
  const { choice, client } = await choose(request, manifest.engines);
  const staging = join(root.staging, 'runtime');
  await provideRuntime({ root, choice, staging, client, signal });
  bindRuntime(root, manifest, describeRuntime(root, choice.version));
  return `Node ${choice.version}, ${choice.kind === 'root' ? 'which is in the root' : `from the ${choice.kind}`}.`;
}

async function choose(
  { root, supervisor, signal, mayFetch }: RuntimeRepair,
  engines: string | null,
): Promise<{ choice: RuntimeChoice; client: Parameters<typeof provideRuntime>[0]['client'] }> {
  const nodes: LocalNode[] = await localNodes(root, supervisor);
  const local = chooseLocal(engines, nodes);
  if (local) return { choice: local, client: noClient };
  if (!mayFetch) {
    throw new ReleasesError('node_unavailable', `No Node on this host satisfies ${engines}.`, {
      hint: 'openclaw-releases recover',
    });
  }
  const { lookUp } = await import('../registry/lookup.js');
  const { options, runtime } = await lookUp(
    { engines, nodes, overrides: { keysFile: root.registryKeys } },
    signal,
  );
  return { choice: runtime, client: async () => options };
}

async function noClient(): Promise<never> {
  throw new ReleasesError('internal', 'A Node of this host is fetched.');
}
