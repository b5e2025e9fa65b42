import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { toErrorRecord } from '../errors.js';
import { cleanEnvironment } from '../source/environment.js';
import { dropBallastWhenShort } from '../store/ballast.js';
import { acquireLock } from '../store/lock.js';
import { claim, isClaimed } from '../store/owner-link.js';
import { prepareRoot, type Root } from '../store/root.js';
import { type Environment, supervisorOf } from './environment.js';
import { followChange } from './follow.js';
import { type Change, neverRan, newChange, ownIdentity, readChange, saveChange } from './ledger.js';
import type { Plan } from './plan.js';
import { CLAIM_SUFFIX } from './recover.js';
import { startingFacts } from './starting-facts.js';
import { carryOut, planFor, type Request, withLock } from './switcher.js';

const CLI = fileURLToPath(new URL('../cli/main.js', import.meta.url));

/** From the start of the helper until its name is in the ledger; a cold start of Node on a small host takes seconds. */
const ACKNOWLEDGE_MS = 30_000;

const POLL_MS = 200;

/** What the helper finds the registry, the user bus and the root by, besides what every program of ours gets. */
const HANDED_ON =
  /^(npm_config_|XDG_RUNTIME_DIR$|DBUS_SESSION_BUS_ADDRESS$|XDG_DATA_HOME$|OPENCLAW_RELEASES_FAULT)/i;

function handedOn(): Record<string, string> {
  const named = Object.entries(process.env).filter(([name]) => HANDED_ON.test(name));
  return cleanEnvironment(Object.fromEntries(named.map(([name, value]) => [name, value ?? ''])));
}

/** Whether a change must be made by a process other than this one, because a restart may end this one. */
export async function needsHelper(environment: Environment, request: Request): Promise<boolean> {
  const plan = planFor(request);
  // The superuser's own shell is no part of another user's gateway.
  if (environment.onBehalf || !plan.steps.includes('restart')) return false;
  const supervisor = supervisorOf(environment, plan);
  return supervisor.kind === 'systemd' || (await supervisor.owns(process.pid).catch(() => false));
}

/**
 * Has a change made by a process outside of the gateway's own, and follows it. This process may be ended by the
 * restart at any time: the change goes on without it. When no process outside can be had, or it gives no sign of
 * life, the verdict is `helper_never_ran` and nothing was changed.
 * @param tell is given the command that follows the log of that process
 * @throws ReleasesError what `makeChange` throws, `port_held_by_orphan`, and `interrupted` as `followChange` does
 */
export async function makeChangeOutside(
  environment: Environment,
  request: Request,
  tell: (follow: string) => void,
): Promise<Change> {
  const { root } = environment;
  const plan = planFor(request);
  const change = await recordChange(environment, plan);
  const argv = [process.execPath, CLI, 'carry', change.id, '--root', root.path];
  try {
    const { follow } = await supervisorOf(environment, plan).runOutside({
      name: change.id,
      argv,
      env: handedOn(),
    });
    tell(follow);
  } catch (error) {
    const given = giveUp(root, change.id, toErrorRecord(error).message);
    if (given) return given;
  }
  const given = (await acknowledged(root, change))
    ? null
    : giveUp(root, change.id, `It gave no sign of life within ${ACKNOWLEDGE_MS / 1000} s.`);
  return given ?? followChange(environment, change.id);
}

/** Whoever has to be told that another change is under way is told here, not in a log. */
async function recordChange(environment: Environment, plan: Plan): Promise<Change> {
  const { root } = environment;
  prepareRoot(root);
  dropBallastWhenShort(root);
  const unlock = await acquireLock(root, `${plan.kind} ${plan.target}`);
  try {
    const change = newChange(plan, await startingFacts(environment, plan));
    saveChange(root, change);
    return change;
  } finally {
    await unlock();
  }
}

/** Whether somebody else has put their name to the change. */
async function acknowledged(root: Root, change: Change): Promise<boolean> {
  const deadline = performance.now() + ACKNOWLEDGE_MS;
  while (performance.now() < deadline) {
    const { owner, endedAt } = readChange(root, change.id);
    if (endedAt !== null || owner.pid !== change.owner.pid) return true;
    await setTimeout(POLL_MS);
  }
  return false;
}

/**
 * Writes the verdict on a change that no helper has claimed, or one that died over it; a helper that comes later
 * finds it claimed by us. Null when a helper has it.
 */
function giveUp(root: Root, id: string, why: string): Change | null {
  const path = claimPath(root, id);
  if (!claim(path) && isClaimed(path)) return null;
  const change = readChange(root, id);
  if (change.endedAt !== null) return change;
  change.status = 'helper_never_ran';
  change.error = neverRan(why);
  change.endedAt = new Date().toISOString();
  saveChange(root, change);
  return change;
}

/** What decides between a helper that comes late and the verdict that none came. It goes with the change. */
function claimPath(root: Root, id: string): string {
  return join(root.staging, `${id}${CLAIM_SUFFIX}`);
}

/** What the helper does: puts its name to the change, then makes it. A change that has its verdict is left alone. */
export async function carryChange(environment: Environment, id: string): Promise<Change> {
  const { root } = environment;
  const claimed = readChange(root, id);
  if (claimed.endedAt !== null || !claim(claimPath(root, id))) return claimed;
  claimed.owner = ownIdentity();
  saveChange(root, claimed);
  try {
    return await withLock(environment, `${claimed.plan.kind} ${claimed.plan.target}`, async (putRight) => {
      const change = readChange(root, id);
      change.facts = await startingFacts(environment, change.plan);
      return carryOut(environment, change, putRight);
    });
  } catch (error) {
    // Refused before its first step: the one who asked reads that in the ledger, there is nobody else to tell.
    const refusal = {
      error: toErrorRecord(error),
      status: 'package_update_failed',
      endedAt: new Date().toISOString(),
    } as const;
    saveChange(root, Object.assign(claimed, refusal));
    return claimed;
  } finally {
    rmSync(claimPath(root, id), { force: true });
  }
}
