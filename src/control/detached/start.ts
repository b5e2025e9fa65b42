import { setTimeout } from 'node:timers/promises';
import { takeRoot } from '../../change/exclusive.js';
import { planFor, type Request } from '../../change/run.js';
import { startingFacts } from '../../change/starting-facts.js';
import { toErrorRecord } from '../../core/errors.js';
import { ownFile } from '../../core/own-files.js';
import { type Environment, supervisorOf } from '../../ledger/environment.js';
import { type Change, newChange, readChange, saveChange } from '../../ledger/ledger.js';
import { hasLiveOwner, isAcknowledged } from '../../ledger/ownership.js';
import type { Plan } from '../../ledger/plan.js';
import { cleanEnvironment } from '../../registry/environment.js';
import { dropBallastWhenShort } from '../../store/ballast.js';
import { prepareRoot, type Root } from '../../store/root.js';
import { followChange } from '../follow.js';
import { giveUp } from './worker.js';

const CLI = ownFile('dist/cli/main.cjs');

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

/** What became of handing a change over. */
export interface Handed {
  /** As the ledger has it: under way, or with the verdict that no process outside could be had. */
  change: Change;
  /** The command that follows the log of that process; null when none was started. */
  follow: string | null;
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
  const recorded = await recordChange(environment, planFor(request));
  const { change } = await startDetached(environment, recorded, { tell });
  return change.endedAt === null ? followChange(environment, change.id) : change;
}

/**
 * Starts the process that makes a change which is in the ledger, and resolves once that process has put its name to
 * it, or with the verdict that none did. Never rejects for what the supervisor answers.
 */
export async function startDetached(
  environment: Environment,
  change: Change,
  { tell, acknowledgeMs = ACKNOWLEDGE_MS }: { tell?: (follow: string) => void; acknowledgeMs?: number } = {},
): Promise<Handed> {
  const { root } = environment;
  try {
    const { follow } = await runDetached(environment, change, ['run-change', change.id]);
    tell?.(follow);
    const given = (await waitForAck(root, change.id, acknowledgeMs))
      ? null
      : giveUp(root, change.id, `It gave no sign of life within ${acknowledgeMs / 1000} s.`);
    return { change: given ?? readChange(root, change.id), follow };
  } catch (error) {
    const given = giveUp(root, change.id, toErrorRecord(error).message);
    return { change: given ?? readChange(root, change.id), follow: null };
  }
}

/** Runs a command of ours where no restart of the gateway ends it, named after the change that it is about. */
export function runDetached(
  environment: Environment,
  { id, plan }: Change,
  args: string[],
  suffix = '',
): Promise<{ follow: string }> {
  return supervisorOf(environment, plan).runOutside({
    name: `${id}${suffix}`,
    argv: [process.execPath, CLI, ...args, '--root', environment.root.path],
    env: handedOn(),
  });
}

/** Whoever has to be told that another change is under way is told here, not in a log. */
export async function recordChange(environment: Environment, plan: Plan): Promise<Change> {
  const { root } = environment;
  prepareRoot(root);
  dropBallastWhenShort(root);
  const unlock = await takeRoot(root, `${plan.kind} ${plan.target}`);
  try {
    const change = newChange(plan, await startingFacts(environment, plan));
    saveChange(root, change);
    return change;
  } finally {
    await unlock();
  }
}

/** Whether somebody has put their name to the change in time; not waited for where whoever began it is dead. */
export async function waitForAck(root: Root, id: string, withinMs = ACKNOWLEDGE_MS): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const change = readChange(root, id);
    if (isAcknowledged(root, change)) return true;
    if (!hasLiveOwner(root, change)) return false;
    await setTimeout(POLL_MS);
  }
  return false;
}
