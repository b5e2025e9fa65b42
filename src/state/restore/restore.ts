import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import { readRecord } from '../../core/record.js';
import { removeDurably, renameDurably, writeFileDurably } from '../../host/durable.js';
import type { RootPlace } from '../place.js';
import { type LastRestore, type Restore, type RestorePaths, requestRestore } from '../restore-request.js';
import { decide, waitForHolders } from './preconditions.js';
import { putStateBack } from './put-back.js';
import { setStateAside } from './set-aside.js';

/** What of an exchange is not about the state. */
export interface Code {
  /** Why this release cannot be current, as a sentence, or null. */
  whyNotCurrent(release: string): string | null;
  /** Points `current` to it and ends the trial of any other release; may be repeated. */
  makeCurrent(release: string): void;
}

/**
 * Makes the pair of code and state that `restore.json` asks for, and removes that file as the last thing. May be
 * interrupted at any moment: the next call goes on where it was, and no gateway may be started before one has come to
 * the end. Every phase is on disk before the next one begins.
 * @returns what was done; null when nothing was asked for
 * @throws Error with one sentence, or a system error; what `restore.json` says holds still
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

/** Who asked wants to know; but a disk without room for that must not keep the gateway from being started. */
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
    // Taken back meanwhile.
    if (understand(root.restore) === null) return null;
    restore = advance(root, { ...restore, scope: decision.scope, left: decision.left }, 'setting-aside');
  }
  const from = join(root.states, restore.from);
  if (restore.phase === 'setting-aside') {
    if (!lstatSync(from, { throwIfNoEntry: false })) throw new Error(`${from} is gone, half of the way.`);
    await setStateAside(root.states, restore);
    restore = advance(root, restore, 'putting-back');
  }
  // It is gone when it was used up before this was interrupted.
  if (lstatSync(from, { throwIfNoEntry: false })) await putStateBack(root.states, restore);
  const { release, aside } = restore;
  const why = `The state of ${release} is back; what ${aside.release} made of it is kept as ${aside.name}.`;
  return { restored: true, why, aside: aside.name, warnings };
}

function understand(path: string): Restore | null {
  const found = readRecord<Restore>(path, 'restore');
  if (found.state === 'absent') return null;
  if (found.state === 'read') return found.value;
  throw new Error(`${path} ${found.why}, so it is not known which state belongs to which release.`);
}

function advance(root: RestorePaths, restore: Restore, phase: Restore['phase']): Restore {
  const next = { ...restore, phase };
  requestRestore(root, next);
  return next;
}

const retiredAt = (root: RootPlace, from: string) => join(root.staging, `removed-${from}`);

/** What was put back is no kept state any more; by one rename, because half of one must not be taken for it. */
function retire(root: RootPlace, from: string): void {
  const kept = join(root.states, from);
  if (!lstatSync(kept, { throwIfNoEntry: false })) return;
  mkdirSync(root.staging, { recursive: true, mode: 0o700 });
  renameDurably(kept, retiredAt(root, from), 'used up');
}

/** What of it cannot be removed is no reason to fail: the next change empties staging. */
function removeRetired(root: RootPlace, from: string): void {
  try {
    rmSync(retiredAt(root, from), { recursive: true, force: true });
  } catch {}
}
