import { rmSync } from 'node:fs';
import { exclusive } from '../../change/exclusive.js';
import { runPlan } from '../../change/run.js';
import { startingFacts } from '../../change/starting-facts.js';
import { ReleasesError, toErrorRecord } from '../../core/errors.js';
import { faultPoint } from '../../host/fault.js';
import { isAlive } from '../../host/process.js';
import { waitUntil } from '../../host/wait.js';
import type { Environment } from '../../ledger/environment.js';
import { type Change, neverRan, ownIdentity, readChange, saveChange } from '../../ledger/ledger.js';
import { claimPath } from '../../ledger/ownership.js';
import { claim, isClaimed } from '../../store/owner-symlink.js';
import { changeCommand } from '../../store/pack-target.js';
import type { Root } from '../../store/root.js';

/** Milliseconds; a requester that hangs must not block the change. */
const ANSWER_MS = 10_000;

/**
 * Writes the verdict of a change that no worker has claimed, or whose worker died. Claims it first, so that a late
 * worker refuses it.
 * @returns null when a living worker has it
 */
export function recordNeverRan(root: Root, id: string, why: string): Change | null {
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

/** Main function of the detached worker: claims the change, then makes it. Leaves a change with a verdict alone. */
export async function runRecordedChange(environment: Environment, id: string): Promise<Change> {
  const { root } = environment;
  faultPoint('before claim');
  const claimed = readChange(root, id);
  if (claimed.endedAt !== null || !claim(claimPath(root, id))) return claimed;
  const requester = claimed.owner;
  claimed.owner = ownIdentity();
  saveChange(root, claimed);
  const limit = timeLimit(claimed);
  const signals = [environment.signal, limit?.signal].filter((signal) => signal !== undefined);
  const limited = { ...environment, signal: AbortSignal.any(signals) };
  try {
    // The restart ends all processes below the gateway; when all is staged it comes within two seconds.
    const wait = { withinMs: ANSWER_MS, signal: limited.signal };
    if (claimed.answersFirst) await waitUntil(wait, () => !isAlive(requester));
    const doing = `${claimed.plan.kind} ${claimed.plan.target}`;
    return await exclusive(limited, { doing, recover: true }, async (repairs) => {
      const change = readChange(root, id);
      change.facts = await startingFacts(environment, change.plan);
      return runPlan(limited, change, repairs);
    });
  } catch (error) {
    // Refused before its first step: the ledger is the only place where the caller can read it.
    const refusal = {
      error: toErrorRecord(error),
      status: 'package_update_failed',
      endedAt: new Date().toISOString(),
    } as const;
    saveChange(root, Object.assign(claimed, refusal));
    return claimed;
  } finally {
    limit?.clear();
    rmSync(claimPath(root, id), { force: true });
  }
}

/** Time left of `timeoutMs`, counted from the change's start; null without a limit. */
function timeLimit({ plan, startedAt }: Change): { signal: AbortSignal; clear(): void } | null {
  if (plan.timeoutMs === undefined) return null;
  const expiry = new AbortController();
  const expired = new ReleasesError(
    'timed_out',
    `The change had ${plan.timeoutMs} ms, and was not proven by then; what was begun has been undone.`,
    { hint: changeCommand(plan.kind, plan.target) },
  );
  const left = Date.parse(startedAt) + plan.timeoutMs - Date.now();
  const timer = setTimeout(() => expiry.abort(expired), Math.max(0, left));
  return { signal: expiry.signal, clear: () => clearTimeout(timer) };
}
