import { ReleasesError, systemCode } from '../core/errors.js';
import { ifPossible } from '../core/if-possible.js';
import { throwIfInterrupted } from '../core/interrupted.js';
import { isSameProcess } from '../host/process.js';
import { waitUntil } from '../host/wait.js';
import { contextOf, type Environment, supervisorOf } from '../ledger/environment.js';
import { type Change, isActive, newestChanges, unfinishedChanges } from '../ledger/ledger.js';
import { restoreCurrent } from '../rollback/repair-current.js';
import { dropBallastWhenShort, keepBallast } from '../store/ballast.js';
import { installLaunchers, installPlugin } from '../store/launchers.js';
import { acquireLock, readLockOwner } from '../store/lock.js';
import { removeUnused } from '../store/removal.js';
import { type Repair, repairRoot } from '../store/repair.js';
import { prepareRoot, type Root } from '../store/root.js';
import { removeLeftovers } from '../store/stale-temp.js';
import { recoverChanges } from './recover.js';
import { requireSameInstance } from './root-instance.js';
import { repairRuntimes } from './runtime-repair.js';
import { stepsNamed } from './steps/index.js';
import { tell } from './tell.js';
import { trimLedger } from './trim-ledger.js';
import { waitingOf, waitingText } from './waiting.js';

export interface Exclusive {
  /** Words of the command, for the message of the process that finds the lock taken. */
  doing: string;
  /**
   * True repairs the root and recovers changes first, which may restart the gateway and so end a caller inside it.
   * `thoroughly` also reads the Nodes of all releases.
   */
  recover: boolean | 'thoroughly';
  /**
   * Tells of new verdicts after the work. Never without recovery: a gateway may wait for the end of such work, and
   * `notify` itself is such work and would start itself again.
   */
  tells?: boolean;
  /** False where nothing may be fetched for a repair, as before the network is up. */
  mayFetch?: boolean;
}

/** Milliseconds; for its last writes on a slow disk. */
const LETS_GO_MS = 10_000;

export interface Repairs {
  recovered: Change[];
  repaired: Repair[];
}

/**
 * Runs `work` under the lock of the root: the only way in, for every face.
 * @throws ReleasesError `root_unwritable`, `root_not_owned`, `root_invalid`, `another_instance`, and `locked`, which
 *   names `cancel` and `restart-now` if the holder waits for an idle gateway
 */
export async function exclusive<T>(
  environment: Environment,
  options: Exclusive,
  work: (repairs: Repairs) => T | Promise<T>,
): Promise<T> {
  const { root } = environment;
  const made = prepareRoot(root);
  try {
    return await underLock(environment, options, work);
  } catch (error) {
    ifPossible(() => removeUnused(root, made));
    throw error;
  }
}

async function underLock<T>(
  environment: Environment,
  { doing, recover, tells = recover !== false && !environment.atBoot, mayFetch = true }: Exclusive,
  work: (repairs: Repairs) => T | Promise<T>,
): Promise<T> {
  const { root } = environment;
  // Before a recovery, which may restart the gateway.
  if (recover)
    await requireSameInstance(root, () =>
      supervisorOf(environment)
        .inspect()
        .catch(() => null),
    );
  dropBallastWhenShort(root);
  const unlock = await takeLock(environment, doing);
  try {
    return await work(
      recover ? await recoverRoot(environment, recover, mayFetch) : { recovered: [], repaired: [] },
    );
  } finally {
    try {
      tidyIfPossible(root);
      keepBallast(root);
    } finally {
      await unlock();
      if (tells) await tell(root);
    }
  }
}

/** A holder whose change has its verdict is about to let go, and the caller may have seen that verdict: it is waited for. */
async function takeLock({ root, signal }: Environment, doing: string): Promise<() => Promise<void>> {
  let refusal: unknown;
  const unlock = await waitUntil({ withinMs: LETS_GO_MS }, () =>
    acquireLock(root, doing).catch((error) => {
      if (!(error instanceof ReleasesError) || error.code !== 'locked') throw error;
      if (!holderHasItsVerdict(root)) throw sayWhatItWaitsFor(root, error);
      throwIfInterrupted(signal);
      refusal = error;
      return null;
    }),
  );
  if (unlock) return unlock;
  throw refusal;
}

function holderHasItsVerdict(root: Root): boolean {
  const holder = readLockOwner(root);
  const [newest] = newestChanges(root, 1);
  if (holder === null) return true;
  return newest !== undefined && newest.endedAt !== null && isSameProcess(newest.owner, holder);
}

async function recoverRoot(
  environment: Environment,
  recover: Exclusive['recover'],
  mayFetch: boolean,
): Promise<Repairs> {
  const { root, observer, signal } = environment;
  removeLeftovers(root);
  const repaired = await repairRoot(root);
  installLaunchers(root);
  installPlugin(root);
  const supervisor = supervisorOf(environment);
  const thorough = recover === 'thoroughly';
  repaired.push(...(await repairRuntimes({ root, supervisor, signal, thorough, mayFetch })));
  const means = { contextOf: (change: Change) => contextOf(environment, change), stepsNamed };
  const recovered = await recoverChanges(root, means, observer);
  const wasMoved = repaired.some(({ path }) => path === root.current);
  const restored = await restoreCurrent(root, supervisor, wasMoved);
  return { recovered, repaired: restored ? [...repaired, restored] : repaired };
}

/** A restart can kill a launcher that writes. A full disk must not fail the work: the next one tidies up again. */
function tidyIfPossible(root: Root): void {
  try {
    removeLeftovers(root);
    trimLedger(root);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

function sayWhatItWaitsFor(root: Root, error: ReleasesError): ReleasesError {
  const change = unfinishedChanges(root).find((other) => isActive(other) && waitingOf(other) !== null);
  const waiting = change && waitingOf(change);
  if (!waiting) return error;
  return new ReleasesError('locked', `${error.message} It is at this: ${waitingText(waiting)}.`, {
    hint: `openclaw-releases cancel, to end ${change.id}; openclaw-releases restart-now, to have it go on`,
    cause: error,
  });
}
