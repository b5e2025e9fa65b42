import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import { readRecord } from '../../core/record.js';
import { removeDurably, renameDurably, writeFileDurably } from '../../host/durable.js';
import type { RootPlace } from '../place.js';
import { type LastRestore, type Restore, type RestorePaths, requestRestore } from '../restore-records.js';
import { displaceState } from './displace.js';
import { decide, waitForHolders } from './preconditions.js';
import { putStateBack } from './put-back.js';

export interface Code {
  /** Reason why this release cannot be current, as a sentence, or null. */
  whyNotCurrent(release: string): string | null;
  /** Points `current` to it and ends the trial of any other release; safe to repeat. */
  makeCurrent(release: string): void;
}

/**
 * Does the restore that `restore.json` requests, and removes that file last. Each phase is durable before the next
 * begins. After an interruption the next call continues; no gateway may start before one has finished.
 * @returns null when nothing was requested
 * @throws Error with one sentence, or a system error; the request stays
 */
export async function finishRestore(root: RootPlace & RestorePaths, code: Code): Promise<LastRestore | null> {
  const began = Date.now();
  const asked = understand(root.restore);
  if (asked === null) return null;
  const about = await exchange(root, code, asked);
  if (about === null) return null;
  const { change, release, from } = asked;
  if (about.restored) retire(root, from);
  code.makeCurrent(release);
  const [at, ms] = [new Date().toISOString(), Date.now() - began];
  const done: LastRestore = { schema: 1, change, release, from, ...about, at, ms };
  report(root, done);
  removeRetired(root, from);
  removeDurably(root.restore);
  return done;
}

/** Writes the result for the requester. A full disk must not stop the start of the gateway. */
function report(root: RestorePaths, done: LastRestore): void {
  try {
    writeFileDurably(root.lastRestore, `${JSON.stringify(done, null, 2)}\n`, 0o600);
  } catch (error) {
    if (!FULL.has(systemCode(error) ?? '')) throw error;
    done.warnings.push(`${root.lastRestore} could not be written: the disk is full.`);
  }
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

type About = Pick<LastRestore, 'restored' | 'why' | 'aside' | 'warnings'>;

async function exchange(root: RootPlace & RestorePaths, code: Code, asked: Restore): Promise<About | null> {
  const warnings: string[] = [];
  let restore = asked;
  if (restore.phase === 'pending') {
    const unusable = code.whyNotCurrent(restore.release);
    if (unusable !== null) throw new Error(unusable);
    const decision = decide(root, restore);
    if (!decision.move) return { restored: false, why: decision.why, aside: null, warnings };
    warnings.push(...(await waitForHolders(restore, decision.left)));
    // The request was withdrawn meanwhile.
    if (understand(root.restore) === null) return null;
    restore = advance(root, { ...restore, scope: decision.scope, left: decision.left }, 'displacing');
  }
  const from = join(root.states, restore.from);
  if (restore.phase === 'displacing') {
    if (!lstatSync(from, { throwIfNoEntry: false })) throw new Error(`${from} is gone, half of the way.`);
    await displaceState(root.states, restore);
    restore = advance(root, restore, 'putting-back');
  }
  // Absent when a run that was interrupted had already retired it.
  if (lstatSync(from, { throwIfNoEntry: false })) await putStateBack(root.states, restore);
  const { release, aside } = restore;
  const why = `The state of ${release} is back; the state of ${aside.release} is kept as ${aside.name}.`;
  return { restored: true, why, aside: aside.name, warnings };
}

function understand(path: string): Restore | null {
  const found = readRecord<Restore>(path, 'restore');
  if (found.state === 'missing') return null;
  if (found.state === 'ok') return found.value;
  throw new Error(`${path} ${found.why}, so it is not known which state belongs to which release.`);
}

function advance(root: RestorePaths, restore: Restore, phase: Restore['phase']): Restore {
  const next = { ...restore, phase };
  requestRestore(root, next);
  return next;
}

const retiredAt = (root: RootPlace, from: string) => join(root.staging, `removed-${from}`);

/** Removes a restored state from `states/` by one rename, so that no half of it counts as a snapshot. */
function retire(root: RootPlace, from: string): void {
  const kept = join(root.states, from);
  if (!lstatSync(kept, { throwIfNoEntry: false })) return;
  mkdirSync(root.staging, { recursive: true, mode: 0o700 });
  renameDurably(kept, retiredAt(root, from), 'used up');
}

/** Ignores errors: the next change empties staging. */
function removeRetired(root: RootPlace, from: string): void {
  try {
    rmSync(retiredAt(root, from), { recursive: true, force: true });
  } catch {}
}
