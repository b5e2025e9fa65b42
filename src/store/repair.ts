import { linkSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { toErrorRecord } from '../core/errors.js';
import { fsyncDirectory, writeFileDurably } from '../host/durable.js';
import { type Damage, findCorrupt } from './corrupt.js';
import { currentRelease, previousRelease, startTrial } from './links.js';
import type { Manifest } from './manifest.js';
import { rebuildManifest } from './rebuild.js';
import type { Root } from './root.js';
import { asidePath, noteReason, setAside, writable } from './set-aside.js';

/** A file that could not be understood, and what stands in for it. */
export interface Repair {
  path: string;
  /** Null when it stays where it is, because it could not or must not be moved. */
  movedTo: string | null;
  /** To be read after `path`. */
  why: string;
  /** What is used instead, as a sentence. */
  instead: string;
}

/**
 * Moves every file of ours that cannot be understood out of the way, so that what follows finds either what this
 * version understands or nothing. The caller holds the lock. Never fails because of such a file: one that cannot be
 * moved either is reported and stays. A `trial` stays too, because it is all that says that `current` is unproven; so
 * does what says which state belongs to which release, and the manifest of a release that the launcher may have to
 * start although its files are not what was sealed.
 */
export async function mendRoot(root: Root): Promise<Repair[]> {
  const mended: Repair[] = [];
  for (const damage of findCorrupt(root)) {
    if (damage.kind === 'trial' && damage.why !== 'is a directory') continue;
    const { path, why } = damage;
    try {
      mended.push({ path, why, ...(await mend(root, damage)) });
    } catch (error) {
      const instead = `It could not be moved (${toErrorRecord(error).message}) and is treated as if it were not there.`;
      mended.push({ path, why, movedTo: null, instead });
    }
  }
  return mended;
}

async function mend(root: Root, damage: Damage): Promise<Pick<Repair, 'movedTo' | 'instead'>> {
  const { path, why } = damage;
  const aside = () => setAside(root, path, why);
  switch (damage.kind) {
    case 'policy':
      return {
        movedTo: aside(),
        instead: 'An empty policy: what was pinned and what was in quarantine is not known.',
      };
    case 'timer-state':
      return {
        movedTo: aside(),
        instead: 'Nothing: what the timer knew of the registry, and what it had decided, is not known.',
      };
    case 'change':
      return {
        movedTo: aside(),
        instead: 'Nothing: what that change did, and whether it ended, is not known.',
      };
    case 'request':
      return { movedTo: aside(), instead: 'Nothing: who asked, and whether they were told, is not known.' };
    case 'link':
      return { movedTo: aside(), instead: 'Nothing: the next switch makes it anew.' };
    case 'restore':
      return { movedTo: null, instead: standsInForRestore(root) };
    case 'restore-result':
      return { movedTo: aside(), instead: 'Nothing: what the last restore of the state did is not known.' };
    case 'trial':
      return mendTrial(root, aside);
    case 'manifest':
      return mendManifest(root, damage.id, damage);
  }
}

/** A wrong guess would start a release on the state of another. */
function standsInForRestore(root: Root): string {
  return `Nothing: no gateway is started on a state that may belong to another release. Look at ${root.states} and at the state directory, and remove it once they are as they should be.`;
}

/** Nothing of ours can remove a directory of that name; a trial with no starts left says the same and can be ended. */
function mendTrial(root: Root, aside: () => string): Pick<Repair, 'movedTo' | 'instead'> {
  const movedTo = aside();
  const current = currentRelease(root);
  if (current === null) return { movedTo, instead: 'Nothing: no release is current.' };
  startTrial(root, current, 0);
  return { movedTo, instead: `A trial of ${current} with no starts left: it is not proven.` };
}

async function mendManifest(
  root: Root,
  id: string,
  { path, why }: Damage,
): Promise<Pick<Repair, 'movedTo' | 'instead'>> {
  const rebuilt = await rebuildManifest(root, id).catch((error) => toErrorRecord(error).message);
  if (typeof rebuilt === 'string') {
    // Without a file of that name the launcher could not start it, and there may be nothing else that can be.
    if (id === currentRelease(root) || id === previousRelease(root)) {
      const name = id === currentRelease(root) ? 'current' : 'previous';
      return { movedTo: null, instead: `Nothing (${rebuilt}); it stays as long as ${id} is ${name}.` };
    }
    const movedTo = setAside(root, path, why);
    return { movedTo, instead: `Nothing: ${id} is not a release any more (${rebuilt}).` };
  }
  const movedTo = replaceManifest(root, path, why, rebuilt);
  return { movedTo, instead: 'One made anew from the files of the release, which are what was sealed.' };
}

/** The launcher starts nothing without a manifest, so the name keeps the old one until it has the new one. */
function replaceManifest(root: Root, path: string, why: string, manifest: Manifest): string {
  return writable(dirname(path), () => {
    const kept = keep(root, path, why);
    try {
      fsyncDirectory(dirname(kept));
      writeFileDurably(path, `${JSON.stringify(manifest, null, 2)}\n`, 0o444);
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
    // A directory has no second name, and some filesystems give none to a file either.
    return setAside(root, path, why);
  }
  noteReason(root, kept, path, why);
  return kept;
}
