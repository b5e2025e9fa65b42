import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import { ifPossible } from '../../core/if-possible.js';
import { readRecord, recordText } from '../../core/record.js';
import { removeDurably, writeFileDurably } from '../../host/durable.js';
import type { RootPlace } from '../place.js';
import { type LastRestore, type Restore, type RestorePaths, requestRestore } from '../restore-records.js';
import { KEPT } from '../snapshot-layout.js';
import { removeRetired, retireKept } from '../snapshots.js';
import { displaceState, forgetDisplaced } from './displace.js';
import { decide, waitForHolders } from './preconditions.js';
import { putStateBack, returnDisplaced } from './put-back.js';

export interface Code {
  /** Reason why this release cannot be current, as a sentence, or null. */
  whyNotCurrent(release: string): string | null;
  /** Points `current` to it and ends the trial of any other release; safe to repeat. */
  makeCurrent(release: string): void;
}

/** Attempts that are undone before today's state stays, and its own release is started. */
const ATTEMPTS = 3;

/**
 * Does the restore that `restore.json` requests, and removes that file last. Each phase is durable before the next
 * begins. After an interruption the next call continues; no gateway may start before one has finished.
 * @returns null when nothing was requested
 * @throws Error with one sentence, or a system error; the request stays, and what was exchanged is undone
 */
export async function finishRestore(root: RootPlace & RestorePaths, code: Code): Promise<LastRestore | null> {
  const began = performance.now();
  const asked = understand(root.restore);
  if (asked === null) return null;
  const ended = await exchange(root, code, asked);
  if (ended === null) return null;
  const { current, isUndone = false, ...about } = ended;
  const { change, release, from } = asked;
  if (about.restored) retireKept(root, from);
  code.makeCurrent(current);
  const [at, ms] = [new Date().toISOString(), Math.round(performance.now() - began)];
  const done: LastRestore = { schema: 1, change, release, from, ...about, at, ms };
  report(root, done);
  // Before the gateway starts: OpenClaw refuses an included file with a second name. The next change empties staging.
  ifPossible(() => removeRetired(root, from));
  removeDurably(root.restore);
  // Of what was undone without a record of it, nothing can be put back from now on.
  if (isUndone) ifPossible(() => forgetDisplaced(root.states, asked));
  return done;
}

/** Writes the result for the requester. A full disk must not stop the start of the gateway. */
function report(root: RestorePaths, done: LastRestore): void {
  try {
    writeFileDurably(root.lastRestore, recordText(done), 0o600);
  } catch (error) {
    if (!FULL.has(systemCode(error) ?? '')) throw error;
    done.warnings.push(`${root.lastRestore} could not be written: the disk is full.`);
  }
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** `current` is the release of the state that is live now. */
type Ended = Pick<LastRestore, 'restored' | 'why' | 'aside' | 'warnings'> & {
  current: string;
  isUndone?: boolean;
};

async function exchange(root: RootPlace & RestorePaths, code: Code, asked: Restore): Promise<Ended | null> {
  const warnings: string[] = [];
  const { release, aside } = asked;
  let restore = asked;
  if (restore.phase === 'pending') {
    const unusable = code.whyNotCurrent(release);
    if (unusable !== null) throw new Error(unusable);
    const decision = decide(root, restore);
    if (!decision.move)
      return { restored: false, why: decision.why, aside: null, warnings, current: release };
    warnings.push(...(await waitForHolders(restore, decision.left)));
    // The request was withdrawn meanwhile.
    if (understand(root.restore) === null) return null;
    restore = { ...restore, scope: decision.scope, left: decision.left };
  }
  if (restore.phase !== 'undoing') restore = await attempt(root, restore);
  if (restore.phase === 'putting-back') {
    const why = `The state of ${release} is back; the state of ${aside.release} is kept as ${aside.name}.`;
    return { restored: true, why, aside: aside.name, warnings, current: release };
  }
  const { times, why } = await undo(root, restore);
  const isLast = times >= ATTEMPTS && code.whyNotCurrent(aside.release) === null;
  if (!isLast) throw new Error(`${why} It is as it was.`);
  const kept = `${why} It is as it was, and ${aside.release}, which it belongs to, is started.`;
  return { restored: false, why: kept, aside: null, warnings, current: aside.release, isUndone: true };
}

/** @returns the request in the phase `putting-back` when it is done; else in the phase that undoes it */
async function attempt(root: RootPlace & RestorePaths, asked: Restore): Promise<Restore> {
  let restore = asked;
  try {
    if (restore.phase === 'pending') restore = advance(root, restore, 'displacing');
    if (restore.phase === 'displacing') {
      await displaceState(root.states, restore).catch((error) => {
        // Its room may be all that there is for the record.
        ifPossible(() => forgetDisplaced(root.states, asked));
        throw error;
      });
      restore = advance(root, restore, 'putting-back');
    }
    // Without its record when a run that was interrupted had already retired it.
    const record = join(root.states, restore.from, KEPT.record);
    if (lstatSync(record, { throwIfNoEntry: false })) await putStateBack(root.states, restore);
    return restore;
  } catch (error) {
    const times = (restore.failed?.times ?? 0) + 1;
    const why = `The state could not be exchanged: ${messageOf(error)}.`;
    const phase = restore.phase === 'putting-back' ? 'undoing' : 'pending';
    const failed = { ...restore, phase, failed: { times, why } } as const;
    if (advanceIfRoom(root, failed)) return failed;
    // What cannot be counted would be tried for ever.
    return { ...failed, failed: { times: ATTEMPTS, why } };
  }
}

async function undo(
  root: RootPlace & RestorePaths,
  restore: Restore,
): Promise<NonNullable<Restore['failed']>> {
  const { phase, from, aside, failed = { times: 1, why: '' } } = restore;
  if (phase === 'undoing') {
    try {
      await returnDisplaced(root.states, restore);
    } catch (error) {
      throw new Error(
        `${failed.why} Nor could that be undone: ${messageOf(error)}. Both states are whole below ${root.states}: ${from} and ${aside.name}.`,
      );
    }
    advanceIfRoom(root, { ...restore, phase: 'pending' });
  }
  // Else the next start may put the state back once more, so that the other one must stay.
  if (understand(root.restore)?.phase === 'pending') ifPossible(() => forgetDisplaced(root.states, restore));
  return failed;
}

/** Returns false where the disk has no room for the record. */
function advanceIfRoom(root: RestorePaths, restore: Restore): boolean {
  try {
    requestRestore(root, restore);
    return true;
  } catch (error) {
    if (!FULL.has(systemCode(error) ?? '')) throw error;
    return false;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
