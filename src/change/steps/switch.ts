import { join } from 'node:path';
import { ReleasesError, toErrorRecord } from '../../core/errors.js';
import { refuseNoexec } from '../../host/executable.js';
import { bootIdSeenBy } from '../../host/process.js';
import { type Context, NothingToDo, type Step } from '../../ledger/context.js';
import { inspectIfThere } from '../../ledger/running-release.js';
import { prepareStateToReturn, requestOlderState, returnState } from '../../rollback/restore-request.js';
import { currentRelease, endTrial, pointCurrent, pointPrevious, startTrial } from '../../store/links.js';
import { readManifest } from '../../store/manifest.js';
import { wasStopped } from './restart.js';

export function targetOf(context: Context): string {
  const { to } = context.change.facts;
  if (to === null) throw new ReleasesError('internal', 'A change has no target.');
  return to;
}

/** Starts the trial. A rollback continues without one on a full disk; the launcher then counts no starts. */
async function beginTrial({ root, supervisor, change }: Context, to: string): Promise<void> {
  const running = await inspectIfThere(supervisor).catch(() => null);
  const pid = running?.pid ?? null;
  // The launcher will be in the sandbox of the gateway that runs now.
  const boot = (pid === null ? null : bootIdSeenBy(pid)) ?? undefined;
  try {
    startTrial(root, to, undefined, boot);
  } catch (error) {
    if (change.plan.kind !== 'rollback') throw error;
    change.warnings.push(`${to} is started without a trial: ${toErrorRecord(error).message}`);
  }
}

export const switchStep: Step = {
  name: 'switch',
  async do(context) {
    const { root, change } = context;
    const { from } = change.facts;
    const to = readManifest(root, targetOf(context)).id;
    if (change.plan.kind !== 'rollback') refuseNoexec(join(root.bin, 'gateway'));
    if (!change.plan.steps.includes('restart') && currentRelease(root) === to)
      throw new NothingToDo(`current is ${to} already`);
    if (from !== null && from !== to) {
      pointPrevious(root, from);
      // Without a restart no step commits: the person who chose that decides.
      if (change.plan.steps.includes('commit') && !wasStopped(context)) {
        prepareStateToReturn(context, from, to);
        await beginTrial(context, to);
      }
      requestOlderState(context, from, to);
    }
    pointCurrent(root, to);
    return from === null || from === to ? `current is ${to}` : `${from} -> ${to}`;
  },
  async undo(context) {
    const { root, change } = context;
    await returnState(context);
    pointCurrent(root, change.facts.from);
    endTrial(root);
    pointPrevious(root, change.facts.previous);
  },
};
