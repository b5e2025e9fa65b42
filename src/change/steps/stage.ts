import { mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError } from '../../core/errors.js';
import { ifPossible } from '../../core/if-possible.js';
import { beginSync } from '../../host/sync.js';
import { installRelease, type Sharing } from '../../install/install.js';
import { provideRuntime } from '../../install/runtime.js';
import type { Context, Step } from '../../ledger/context.js';
import { checksumStrength } from '../../registry/checksum.js';
import type { ReleaseNode } from '../../registry/node-choice.js';
import type { Resolved } from '../../registry/resolve.js';
import { findManifest, listReleases, releaseDirectory } from '../../store/manifest.js';
import { readPolicy } from '../../store/policy.js';
import type { Root } from '../../store/root.js';
import { runtimeDirectoryName, runtimeLink } from '../../store/runtimes.js';
import { removeTree } from '../../store/seal.js';
import { removeTracesOf } from '../candidate.js';
import { unpackInto } from '../import.js';

export function alreadyStaged(context: Context): string | null {
  return context.change.facts.alreadyStaged ? `${context.change.facts.to} is here already` : null;
}

export function stagedFacts(context: Context): {
  resolved: Resolved;
  runtime: ReleaseNode;
  directory: string;
} {
  const { resolved, runtime } = context.change.facts;
  if (!resolved || !runtime)
    throw new ReleasesError('internal', 'A release is staged that was not resolved.');
  return { resolved, runtime, directory: join(stagingDirectory(context), 'release') };
}

/** Releases to take packages from: the newest have most of them, and every list takes memory. */
const SOURCES = 3;

function sharingOf(root: Root): Sharing {
  const newest = listReleases(root).releases.slice(-SOURCES).reverse();
  return {
    kept: newest.map(({ id, treeDigest }) => ({ directory: releaseDirectory(root, id), treeDigest })),
    share: readPolicy(root).retention?.share ?? 'auto',
  };
}

export function stagingDirectory(context: Context): string {
  return join(context.root.staging, context.change.id);
}

const PHASES = {
  resolve: 'looking up dependencies',
  unpack: 'unpacking packages',
  scripts: 'install scripts',
};

/** Fetches and installs beside the other releases; nothing that runs is touched. */
export const stage: Step = {
  name: 'stage',
  skip: alreadyStaged,
  async do(context) {
    const { change, signal } = context;
    const { resolved, runtime, directory } = stagedFacts(context);
    mkdirSync(directory, { recursive: true });
    const sharing = sharingOf(context.root);
    if (change.facts.pack) {
      await unpackInto(directory, context, sharing);
      // Install scripts ran before it was packed, so no other release may take its files for those of their archives.
      ifPossible(() => utimesSync(join(directory, 'package-lock.json'), 0, 0));
    }
    const node = await provideNode(context, runtime);
    symlinkSync(runtimeLink(runtime.version), join(directory, 'node'));
    if (change.facts.pack) return `${change.facts.install?.packages} packages`;
    symlinkSync(join('node_modules/openclaw', resolved.bin), join(directory, 'main'));
    const { installed } = change.facts;
    const { weakChecksums, asInstalled, ...report } = await installRelease({
      resolved,
      directory,
      runtime: { node, version: runtime.version },
      allowScripts: change.plan.allowScripts,
      lockfile: change.facts.lockfile ?? null,
      isOwnLockfile: change.plan.lockfile === null,
      installed: change.plan.ignoreStoredLockfile ? null : (installed ?? null),
      ...sharing,
      background: context.supervisor.background?.() ?? null,
      options: await context.client(),
      signal,
      onProgress: ({ phase, done, total, bytes }) => {
        if (phase !== 'scripts' || total) context.progress(PHASES[phase], done, total, undefined, bytes);
      },
    });
    // Starts the sync early, but not before kept files took the place of copies, which then are never written.
    beginSync(directory);
    change.facts.install = report;
    if (installed && !asInstalled && !change.facts.lockfile)
      change.warnings.push(`Its dependencies were looked up anew, not taken from ${installed}.`);
    if (runtime.kind === 'registry' && checksumStrength(runtime.integrity) === 'weak')
      weakChecksums.push(`${runtime.package}@${runtime.version}`);
    if (weakChecksums.length > 0) {
      change.warnings.push(
        `Only a SHA-1 checksum proves ${weakChecksums.join(', ')}: the registry gave no better one.`,
      );
    }
    return `${report.packages} packages`;
  },
  /** Its tree goes with the staging directory, in the undo of `resolve`. */
  async undo(context) {
    const { root, change } = context;
    const { resolved, runtime, runtimeAdded } = change.facts;
    // A sealed release keeps the cache that its candidate filled.
    if (resolved && findManifest(root, resolved.id) === null) removeTracesOf(root, resolved.id);
    if (!runtimeAdded || !runtime) return;
    const used = listReleases(root).releases.some((release) => release.runtime.version === runtime.version);
    if (!used) removeTree(root, join(root.runtimes, runtimeDirectoryName(runtime.version)));
  },
};

/** Puts the chosen Node below `runtimes`, unless it is there. */
async function provideNode(context: Context, choice: ReleaseNode): Promise<string> {
  const { root, change, signal } = context;
  if (choice.kind !== 'root') {
    if (choice.kind !== 'pack') context.progress(`fetching Node ${choice.version}`);
    change.facts.runtimeAdded = true;
  }
  return provideRuntime({ root, choice, staging: stagingDirectory(context), client: context.client, signal });
}
