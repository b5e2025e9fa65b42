import { exclusive } from '../../change/exclusive.js';
import { makeChange, planFor, type Request } from '../../change/run.js';
import { startingFacts } from '../../change/starting-facts.js';
import { toErrorRecord } from '../../core/errors.js';
import { ownFile } from '../../core/own-files.js';
import { hasPrivilegedParent } from '../../host/systemd/privileged.js';
import { endsWithSession, requireLasting } from '../../host/systemd/transient-unit.js';
import { userName } from '../../host/user.js';
import { waitUntil } from '../../host/wait.js';
import { type Environment, supervisorOf } from '../../ledger/environment.js';
import { nextPlace } from '../../ledger/history.js';
import { type Change, newChange, readChange, saveChange } from '../../ledger/ledger.js';
import { hasLiveOwner, isAcknowledged } from '../../ledger/ownership.js';
import type { Plan } from '../../ledger/plan.js';
import { cleanEnvironment } from '../../registry/environment.js';
import type { Root } from '../../store/root.js';
import { readSupervisorRecord } from '../../supervisor/select.js';
import { followChange } from '../follow.js';
import { recordNeverRan } from './worker.js';

const CLI = ownFile('dist/cli/main.cjs');

/** Milliseconds from start to claim; a cold start of Node on a small host takes seconds. */
const ACKNOWLEDGE_MS = 30_000;

const POLL_MS = 200;

const HANDED_ON =
  /^(npm_config_|XDG_RUNTIME_DIR$|DBUS_SESSION_BUS_ADDRESS$|XDG_DATA_HOME$|OPENCLAW_RELEASES_FAULT)/i;

function handedOn(): Record<string, string> {
  const named = Object.entries(process.env).filter(([name]) => HANDED_ON.test(name));
  return cleanEnvironment(Object.fromEntries(named.map(([name, value]) => [name, value ?? ''])));
}

/** Sentence for a change that its own session can end; it is undone then. */
const inSession = () =>
  `Made in this session, and undone if it ends: no worker would outlive it. Once, for later changes: sudo loginctl enable-linger ${userName()}`;

/**
 * Returns true when the restart may end this process, so that a detached worker must make the change. Where no worker
 * outlives the session, this process makes it.
 * @throws ReleasesError `supervisor_not_found` where this process is part of the gateway then
 */
async function needsWorker(
  environment: Environment,
  request: Request,
  tell: (sentence: string) => void,
): Promise<boolean> {
  const plan = planFor(request);
  if (!plan.steps.includes('restart')) return false;
  const unit = plan.unit ?? readSupervisorRecord(environment.root.path);
  // Root's own shell is not part of another user's gateway.
  if (unit?.scope === 'system' && hasPrivilegedParent()) return false;
  const supervisor = supervisorOf(environment, plan);
  const isInside = () => supervisor.owns(process.pid).catch(() => false);
  if (supervisor.kind !== 'systemd') return isInside();
  if (!unit || !endsWithSession(unit)) return true;
  if (await isInside()) requireLasting(unit);
  tell(inSession());
  return false;
}

/**
 * Makes a change in this process, or in a detached worker where the restart could end this process.
 * @param tell receives a sentence about who makes the change
 * @throws ReleasesError as `makeChange` and `makeChangeOutside`
 */
export async function performChange(
  environment: Environment,
  request: Request,
  tell: (sentence: string) => void = () => {},
): Promise<Change> {
  const outside = await needsWorker(environment, request, tell);
  return outside ? makeChangeDetached(environment, request, tell) : makeChange(environment, request);
}

export interface Started {
  change: Change;
  /** Null when no worker was started. */
  follow: string | null;
}

/**
 * Makes a change in a detached worker and follows it. The restart may end this process at any time; the change
 * continues. When no worker starts or claims the change, the verdict is `helper_never_ran` and nothing was changed.
 * @param tell receives a sentence with the command that follows the worker's log
 * @throws ReleasesError as `makeChange`, `port_held_by_orphan`, and `interrupted` as `followChange`
 */
async function makeChangeDetached(
  environment: Environment,
  request: Request,
  tell: (sentence: string) => void,
): Promise<Change> {
  const recorded = await recordChange(environment, planFor(request));
  const { change } = await startDetached(environment, recorded, { tell });
  return change.endedAt === null ? followChange(environment, change.id, { cancels: true }) : change;
}

/** Resolves once the worker claims the change, or with a verdict. Never rejects for a supervisor's error. */
export async function startDetached(
  environment: Environment,
  change: Change,
  {
    tell,
    acknowledgeMs = ACKNOWLEDGE_MS,
  }: { tell?: (sentence: string) => void; acknowledgeMs?: number } = {},
): Promise<Started> {
  const { root } = environment;
  try {
    const { follow } = await runDetached(environment, change, ['run-change', change.id]);
    tell?.(`Made by a detached worker; follow it with: openclaw-releases status --follow, or ${follow}`);
    const given = (await waitForAck(root, change.id, acknowledgeMs))
      ? null
      : recordNeverRan(root, change.id, `It gave no sign of life within ${acknowledgeMs / 1000} s.`);
    return { change: given ?? readChange(root, change.id), follow };
  } catch (error) {
    const given = recordNeverRan(root, change.id, toErrorRecord(error).message);
    return { change: given ?? readChange(root, change.id), follow: null };
  }
}

/** Runs our command where no restart of the gateway ends it; its name contains the change's id. */
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

/** Records a change in this process, so that the caller sees the `locked` error, not a log. */
export async function recordChange(
  environment: Environment,
  plan: Plan,
  answersFirst = false,
): Promise<Change> {
  const { root } = environment;
  return exclusive(environment, { doing: `${plan.kind} ${plan.target}`, recover: false }, async () => {
    const change = newChange(plan, await startingFacts(environment, plan), nextPlace(root));
    if (answersFirst) change.answersFirst = true;
    saveChange(root, change);
    return change;
  });
}

/** Returns true when a worker claims the change in time; false at once when its owner is dead. */
export async function waitForAck(root: Root, id: string, withinMs = ACKNOWLEDGE_MS): Promise<boolean> {
  const state = await waitUntil({ withinMs, everyMs: POLL_MS }, () => {
    const change = readChange(root, id);
    if (isAcknowledged(root, change)) return 'claimed';
    return hasLiveOwner(root, change) ? null : 'dead';
  });
  return state === 'claimed';
}
