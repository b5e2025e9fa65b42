import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError } from '../../core/errors.js';
import { beginSync } from '../../host/sync.js';
import { installRelease, type Similar } from '../../install/install.js';
import { fetchRuntime } from '../../install/runtime.js';
import type { Context, Step } from '../../ledger/context.js';
import { checksumStrength } from '../../registry/checksum.js';
import type { Resolved } from '../../registry/resolve.js';
import type { RuntimeChoice } from '../../registry/runtime.js';
import { findManifest, listReleases, releaseDirectory } from '../../store/manifest.js';
import { runtimeDirectoryName } from '../../store/prune.js';
import type { Root } from '../../store/root.js';
import { removeTree, sealRuntime } from '../../store/seal.js';
import { DIGESTS_FILE } from '../../store/tree.js';
import { removeTracesOf } from '../candidate.js';

export function alreadyStaged(context: Context): string | null {
  return context.change.facts.alreadyStaged ? `${context.change.facts.to} is here already` : null;
}

export function stagedFacts(context: Context): {
  resolved: Resolved;
  runtime: RuntimeChoice;
  directory: string;
} {
  const { resolved, runtime } = context.change.facts;
  if (!resolved || !runtime)
    throw new ReleasesError('internal', 'A release is staged that was not resolved.');
  return { resolved, runtime, directory: join(stagingDirectory(context), 'release') };
}

function newestRelease(root: Root): Similar | undefined {
  const newest = listReleases(root).releases.at(-1);
  if (!newest) return undefined;
  const directory = releaseDirectory(root, newest.id);
  return { directory, digests: join(directory, DIGESTS_FILE), treeDigest: newest.treeDigest };
}

function stagingDirectory(context: Context): string {
  return join(context.root.staging, context.change.id);
}

/** Fetches and installs beside the other releases; nothing that runs is touched. */
export const stage: Step = {
  name: 'stage',
  skip: alreadyStaged,
  async do(context) {
    const { change, signal } = context;
    const { resolved, runtime, directory } = stagedFacts(context);
    mkdirSync(directory, { recursive: true });
    const node = await provideRuntime(context, runtime);
    symlinkSync(nodeLink(runtime), join(directory, 'node'));
    symlinkSync(join('node_modules/openclaw', resolved.bin), join(directory, 'main'));
    const { weakChecksums, ...report } = await installRelease({
      resolved,
      directory,
      runtime: { node, version: runtime.version },
      allowScripts: change.plan.allowScripts,
      ...(change.facts.lockfile && { lockfile: change.facts.lockfile }),
      isOwnLockfile: change.plan.lockfile === null,
      similar: newestRelease(context.root),
      background: context.supervisor.background?.() ?? null,
      options: await context.client(),
      signal,
      onProgress: ({ phase, done, total }) => {
        // Starts the sync early: all packages are unpacked, and the disk is idle until the seal.
        if (phase === 'scripts' && done === 0) beginSync(directory);
        context.progress(phase, done, total);
      },
    });
    change.facts.install = report;
    if (runtime.kind === 'carried' && !runtime.present && checksumStrength(runtime.integrity) === 'weak')
      weakChecksums.push(`${runtime.package}@${runtime.version}`);
    if (weakChecksums.length > 0) {
      change.warnings.push(
        `Only a SHA-1 checksum proves ${weakChecksums.join(', ')}: the registry gave no better one.`,
      );
    }
    return `${report.packages} packages`;
  },
  async undo(context) {
    const { root, change } = context;
    removeTree(root, stagingDirectory(context));
    const { resolved, runtime, runtimeAdded } = change.facts;
    // A sealed release keeps the cache that its candidate filled.
    if (resolved && findManifest(root, resolved.id) === null) removeTracesOf(root, resolved.id);
    if (!runtimeAdded || runtime?.kind !== 'carried') return;
    const used = listReleases(root).releases.some((release) => release.runtime.version === runtime.version);
    if (!used) removeTree(root, join(root.runtimes, runtimeDirectoryName(runtime.version)));
  },
};

/** Target of the release's link `node`, relative to its final directory for a carried Node. */
export function nodeLink(runtime: RuntimeChoice): string {
  if (runtime.kind === 'host') return runtime.path;
  return join('../../runtimes', runtimeDirectoryName(runtime.version), 'bin/node');
}

export async function provideRuntime(context: Context, runtime: RuntimeChoice): Promise<string> {
  if (runtime.kind === 'host') return runtime.path;
  const { root, change, signal } = context;
  const name = runtimeDirectoryName(runtime.version);
  if (!runtime.present) {
    context.progress(`node ${runtime.version}`);
    const staged = join(stagingDirectory(context), name);
    await fetchRuntime(runtime, staged, await context.client(), signal);
    change.facts.runtimeAdded = true;
    await sealRuntime(root, staged, name);
  }
  return join(root.runtimes, name, 'bin/node');
}
