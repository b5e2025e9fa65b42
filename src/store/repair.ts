import { linkSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { toErrorRecord } from '../core/errors.js';
import { ifPossible } from '../core/if-possible.js';
import { recordText } from '../core/record.js';
import { fsyncDirectory, writeFileDurably } from '../host/durable.js';
import { type Damage, findCorrupt } from './corrupt.js';
import { currentRelease, previousRelease, startTrial } from './links.js';
import type { Manifest } from './manifest.js';
import { asidePath, moveAside, noteReason, writable } from './move-aside.js';
import { readPolicy, setSignatures } from './policy.js';
import { rebuildManifest } from './rebuild.js';
import type { Root } from './root.js';

export interface Repair {
  path: string;
  /** Null when the file stays, because it could not or must not be moved. */
  movedTo: string | null;
  why: string;
  /** Replacement, as a sentence. */
  instead: string;
}

/**
 * Moves every corrupt file away, so that later code finds a valid file or none. The caller holds the lock. Reports a
 * file that cannot be moved, and never fails for it. These stay too: a `trial`, which alone says that `current` is
 * unproven; records that say which state belongs to which release; the manifest of a release that the launcher may have
 * to start although its files are not the sealed ones.
 */
export async function repairRoot(root: Root): Promise<Repair[]> {
  const repaired: Repair[] = [];
  for (const damage of findCorrupt(root)) {
    if (damage.kind === 'trial' && damage.why !== 'is a directory') continue;
    const { path, why } = damage;
    try {
      repaired.push({ path, why, ...(await repair(root, damage)) });
    } catch (error) {
      const instead = `It could not be moved (${toErrorRecord(error).message}) and is treated as if it were not there.`;
      repaired.push({ path, why, movedTo: null, instead });
    }
  }
  return repaired;
}

async function repair(root: Root, damage: Damage): Promise<Pick<Repair, 'movedTo' | 'instead'>> {
  const { path, why } = damage;
  const aside = () => moveAside(root, path, why);
  if (damage.kind === 'restore') return { movedTo: null, instead: standsInForRestore(root) };
  if (damage.kind === 'trial') return repairTrial(root, aside);
  if (damage.kind === 'manifest') return repairManifest(root, damage.id, damage);
  const movedTo = aside();
  // Written down, because the operator may remove what was moved away.
  if (damage.kind === 'policy') ifPossible(() => keepSignatures(root));
  return { movedTo, instead: INSTEAD[damage.kind] };
}

const INSTEAD: Record<Exclude<Damage['kind'], 'restore' | 'trial' | 'manifest'>, string> = {
  policy:
    'An empty policy: what was pinned, what was in quarantine and if packs must be signed is not known. Where signers are kept, packs must be signed until `openclaw-releases signers --policy` decides again.',
  'timer-state': 'Nothing: what the timer knew of the registry, and what it had decided, is not known.',
  change: 'Nothing: what that change did, and whether it ended, is not known.',
  request: 'Nothing: who asked, and whether they were told, is not known.',
  link: 'Nothing: the next switch makes it anew.',
  'restore-result': 'Nothing: what the last restore of the state did is not known.',
};

function keepSignatures(root: Root): void {
  const { signatures } = readPolicy(root);
  if (signatures !== undefined) setSignatures(root, signatures);
}

/** Leaves the record in place: a wrong guess would start a release on the state of another. */
function standsInForRestore(root: Root): string {
  return `Nothing: no gateway is started on a state that may belong to another release. Look at ${root.states} and at the state directory, and remove it once they are as they should be.`;
}

/** Replaces a directory, which our code cannot remove from there, by a trial with no boots left, which it can end. */
function repairTrial(root: Root, aside: () => string): Pick<Repair, 'movedTo' | 'instead'> {
  const movedTo = aside();
  const current = currentRelease(root);
  if (current === null) return { movedTo, instead: 'Nothing: no release is current.' };
  startTrial(root, current, 0);
  return { movedTo, instead: `A trial of ${current} with no starts left: it is not proven.` };
}

async function repairManifest(
  root: Root,
  id: string,
  { path, why }: Damage,
): Promise<Pick<Repair, 'movedTo' | 'instead'>> {
  const rebuilt = await rebuildManifest(root, id).catch((error) => toErrorRecord(error).message);
  if (typeof rebuilt === 'string') {
    // The launcher needs a manifest file to start it, and there may be no other release to start.
    if (id === currentRelease(root) || id === previousRelease(root)) {
      const name = id === currentRelease(root) ? 'current' : 'previous';
      const next = 'Next: openclaw-releases update, to a release that is whole';
      return {
        movedTo: null,
        instead: `Nothing (${rebuilt}); it stays as long as ${id} is ${name}. ${next}`,
      };
    }
    const movedTo = moveAside(root, path, why);
    const next = `Next: openclaw-releases prune, then openclaw-releases stage ${id}`;
    return { movedTo, instead: `Nothing: ${id} is not a release any more (${rebuilt}). ${next}` };
  }
  const movedTo = replaceManifest(root, path, why, rebuilt);
  return { movedTo, instead: 'One made anew from the files of the release, which are what was sealed.' };
}

/** Keeps the old file under its name until the new one is written: the launcher starts nothing without a manifest. */
function replaceManifest(root: Root, path: string, why: string, manifest: Manifest): string {
  return writable(dirname(path), () => {
    const kept = keep(root, path, why);
    try {
      fsyncDirectory(dirname(kept));
      writeFileDurably(path, recordText(manifest), 0o444);
    } catch (error) {
      renameSync(kept, path);
      rmSync(kept, { force: true });
      throw error;
    }
    return kept;
  });
}

function keep(root: Root, path: string, why: string): string {
  const kept = asidePath(root, path);
  try {
    linkSync(path, kept);
  } catch {
    // A directory cannot have a second name, and some filesystems have no hard links.
    return moveAside(root, path, why);
  }
  noteReason(root, kept, path, why);
  return kept;
}
