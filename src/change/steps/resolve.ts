import { join } from 'node:path';
import { type ErrorRecord, fromErrorRecord, ReleasesError } from '../../core/errors.js';
import { ifPossible } from '../../core/if-possible.js';
import { moment } from '../../core/moment.js';
import { compareVersions } from '../../core/version.js';
import { digestOne } from '../../host/digest.js';
import { type Context, NothingToDo, type Step } from '../../ledger/context.js';
import { inspectIfThere, runningRelease } from '../../ledger/running-release.js';
import type { ReleaseNode } from '../../registry/node-choice.js';
import type { Resolved } from '../../registry/resolve.js';
import { parseSpec, type Spec } from '../../registry/spec.js';
import { heldText } from '../../store/hold-text.js';
import { currentRelease, readTrial } from '../../store/links.js';
import { keptLockfile } from '../../store/lockfiles.js';
import { listReleases, type Manifest, readManifest, releaseDirectory } from '../../store/manifest.js';
import { changeCommand, packPath } from '../../store/pack-target.js';
import { holdOf, readPolicy } from '../../store/policy.js';
import { quarantineEnd, quarantineOf } from '../../store/quarantine.js';
import type { Root } from '../../store/root.js';
import { removeTree } from '../../store/seal.js';
import { compareTree } from '../../store/tree.js';
import { refuseYanked } from '../../store/yanked.js';
import { resolvePack } from '../import.js';
import { localNodes } from '../nodes.js';
import { alreadyStaged, stagingDirectory } from './stage.js';
import { targetOf } from './switch.js';

export const resolve: Step = {
  name: 'resolve',
  skip: alreadyStaged,
  async undo(context) {
    // A pack from the standard input, and what `stage` made.
    removeTree(context.root, stagingDirectory(context));
  },
  async do(context) {
    const { root, change } = context;
    const { facts, plan } = change;
    const pack = packPath(plan.target);
    if (pack !== null) {
      const packed = await resolvePack(context, pack, stagingDirectory(context), isDamaged);
      refuseYankedTarget(context);
      if (plan.kind === 'update') await checkUpdate(context, null, packed);
      return facts.alreadyStaged ? `${packed} is here already` : `${packed}, ${runtimeText(facts.runtime)}`;
    }
    const spec = parseSpec(plan.kind === 'adopt' ? targetOf(context) : plan.target);
    let missing: ErrorRecord | null = null;
    const present = spec.kind === 'version' ? manifestIfThere(root, spec.version) : null;
    let again = present && (await isDamaged(context, present)) ? present : null;
    if (present && !again) {
      facts.to = present.id;
      facts.alreadyStaged = true;
    } else {
      const nodes = await localNodes(root, context.supervisor);
      const lookUp = (): ReturnType<Context['lookUp']> => {
        const others = listReleases(root).releases.filter(({ id }) => id !== again?.id);
        return context.lookUp({ spec, staged: others.map(({ id }) => id), nodes });
      };
      let { resolved, runtime } = await lookUp();
      const there = manifestIfThere(root, resolved.id);
      if (there && !again && (await isDamaged(context, there))) {
        again = there;
        ({ resolved, runtime } = await lookUp());
      }
      facts.resolved = resolved;
      facts.to = resolved.id;
      facts.alreadyStaged = there !== null && !again;
      if (again) replace(context, again, resolved);
      if (runtime && 'error' in runtime) missing = runtime.error;
      else if (runtime && !facts.alreadyStaged) facts.runtime = runtime;
    }
    if (plan.kind === 'update') await checkUpdate(context, spec, facts.to);
    refuseYankedTarget(context);
    if (facts.alreadyStaged) return `${facts.to} is here already`;
    if (missing) throw fromErrorRecord(missing);
    const lockfile = facts.lockfile ?? lockfileOf(context);
    if (lockfile) facts.lockfile = lockfile;
    const why = facts.replaces ? ' again, because its files are not what was sealed' : '';
    return `${facts.to}${why}, ${runtimeText(facts.runtime)}${lockfile ? `, as ${lockfile} lists` : ''}`;
  },
};

/** A release that runs, or that starts next, is replaced by none of its own name. */
async function isDamaged(context: Context, manifest: Manifest): Promise<boolean> {
  const { root, change, supervisor } = context;
  const { id } = manifest;
  if (!['stage', 'update'].includes(change.plan.kind) || id === currentRelease(root)) return false;
  const gateway = await inspectIfThere(supervisor);
  if (gateway && runningRelease(root, gateway) === id) return false;
  context.progress('comparing with its digests');
  return (await compareTree(releaseDirectory(root, id), manifest)).length > 0;
}

/**
 * Stages a damaged release again: the same archive, by its own lockfile where that is whole.
 * @throws ReleasesError `integrity_mismatch` where the registry has other bytes under that version now
 */
function replace(
  { root, change }: Context,
  { id, integrity, lockfileDigest }: Manifest,
  resolved: Resolved,
): void {
  change.facts.replaces = true;
  if (integrity && resolved.integrity !== integrity) {
    throw new ReleasesError(
      'integrity_mismatch',
      `${id} is damaged here, and what the registry has as ${id} now is another archive.`,
      { hint: `openclaw-releases verify ${id}; openclaw-releases list, for another release` },
    );
  }
  if (change.plan.lockfile || change.plan.ignoreStoredLockfile) return;
  const lockfile = join(releaseDirectory(root, id), 'package-lock.json');
  if (ifPossible(() => digestOne(lockfile).sha256) === lockfileDigest) change.facts.lockfile = lockfile;
}

/** The named lockfile, else the kept one. An archive gets no kept one: it has the version of another release. */
function lockfileOf({ root, change }: Context): string | null {
  const { plan, facts } = change;
  if (plan.lockfile || plan.ignoreStoredLockfile || !facts.resolved) return plan.lockfile;
  const { id, version } = facts.resolved;
  return id === version ? keptLockfile(root, version) : null;
}

function runtimeText(runtime: ReleaseNode | undefined): string {
  const from = {
    root: 'which is here',
    pack: 'which it holds',
    host: 'copied from this host',
    registry: 'from the registry',
  };
  return runtime ? `on Node ${runtime.version}, ${from[runtime.kind]}` : 'on a Node that is not known';
}

function manifestIfThere(root: Root, id: string): Manifest | null {
  try {
    return readManifest(root, id);
  } catch (error) {
    if (error instanceof ReleasesError && error.code === 'release_not_found') return null;
    throw error;
  }
}

/** An adoption takes what runs already. */
function refuseYankedTarget({ root, change: { plan, facts } }: Context): void {
  if (plan.evenIfYanked || !['stage', 'update'].includes(plan.kind) || facts.to === null) return;
  const release = facts.resolved ?? readManifest(root, facts.to);
  const isPack = packPath(plan.target) !== null;
  refuseYanked(root, release, changeCommand(plan.kind, isPack ? plan.target : release.version));
}

async function checkUpdate(context: Context, spec: Spec | null, to: string): Promise<void> {
  const { root, supervisor } = context;
  const current = currentRelease(root);
  const gateway = to === current && readTrial(root) === null ? await inspectIfThere(supervisor) : null;
  if (gateway && runningRelease(root, gateway) === to) {
    throw new NothingToDo(`${to} runs already`);
  }
  // The timer names a version, but a hold that was set since its decision still counts.
  if (spec?.kind === 'tag' || context.change.plan.initiator === 'timer') checkHeld(root, to);
  if (spec?.kind === 'tag') checkUnnamed(root, to, current, spec.tag);
}

function checkHeld(root: Root, to: string): void {
  const held = holdOf(readPolicy(root));
  if (!held) return;
  throw new ReleasesError('updates_held', `Updates are held${heldText(held)}, and this one is to ${to}.`, {
    hint: `openclaw-releases unhold, or openclaw-releases update ${to}`,
  });
}

function checkUnnamed(root: Root, to: string, current: string | null, tag: string): void {
  const policy = readPolicy(root);
  const named = `openclaw-releases update ${to}`;
  const failure = quarantineOf(policy, to);
  if (failure) {
    throw new ReleasesError(
      'release_quarantined',
      `${to} (${tag}) failed here and is in quarantine until ${moment(quarantineEnd(failure).getTime())}: ${failure.cause.message}`,
      {
        hint: `${named}, to try it again all the same`,
      },
    );
  }
  if (current === null) return;
  if (policy.pins.includes(current)) {
    throw new ReleasesError('release_pinned', `${current} is pinned, and ${tag} is ${to}.`, {
      hint: `openclaw-releases unpin ${current}, or ${named}`,
    });
  }
  if (compareVersions(to, current) < 0) {
    throw new ReleasesError('downgrade', `${tag} is ${to}, which is older than ${current}.`, { hint: named });
  }
}
