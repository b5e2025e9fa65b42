import type { Change, ChangeStatus } from '../../ledger/ledger.js';
import type { RequestRecord } from './requests.js';

type Says = (from: string, to: string) => string;

const SAYS: Record<ChangeStatus, Says> = {
  package_updated_restart_verified: (from, to) => `${from} -> ${to}: it runs and is verified.`,
  already_current: (_, to) => `${to} runs already; nothing was changed.`,
  staged: (from, to) => `${to} is staged; ${from} runs as before.`,
  package_updated_restart_scheduled: (from, to) =>
    `${to} is current and runs from the next start on; ${from} still runs.`,
  package_update_failed: (from, to) => `${from} -> ${to} failed before the switch; ${from} runs as before.`,
  package_updated_restart_failed: (from, to) =>
    `${from} -> ${to}: the restart failed, and the switch was undone; ${from} is current.`,
  rolled_back: (from, to) => `${from} -> ${to} failed, and ${from} runs again.`,
  rollback_failed: (from, to) =>
    `${from} -> ${to} failed, and going back to ${from} failed as well: it needs a person now.`,
  helper_never_ran: (from) =>
    `The process that was to make the change never did; nothing was changed, and ${from} runs as before.`,
};

const DONE = new Set<ChangeStatus | null>(['package_updated_restart_verified', 'already_current', 'staged']);

export function verdictText(change: Change, request: RequestRecord): string {
  const { status, plan, facts, error, undoError } = change;
  const from = request.before ?? facts.from ?? 'what was there before';
  const to = facts.to ?? plan.target;
  const lines = [`${DONE.has(status) ? 'Done' : 'Failed'}: ${plan.kind} ${plan.target}.`];
  lines.push(status === null ? 'It has no verdict yet.' : SAYS[status](from, to));
  // The outage on the way back was not measured.
  if (facts.liveMs !== undefined && !error)
    lines.push(`The gateway did not answer for ${seconds(facts.liveMs)} at most.`);
  const cut = facts.idle?.interruptedWork ?? [];
  if (cut.length > 0) lines.push(`The restart cut off ${cut.join(', ')}.`);
  if (facts.stateRestored?.restored) {
    const { release, aside } = facts.stateRestored;
    lines.push(
      `The state is that of ${release} again${aside ? `; what was written since is kept in states/${aside}` : ''}.`,
    );
  }
  if (error) lines.push(`Why: ${error.code}: ${error.message}`);
  if (undoError) lines.push(`Going back: ${undoError.code}: ${undoError.message}`);
  const hint = undoError?.hint ?? error?.hint;
  if (hint) lines.push(`Next: ${hint}`);
  if (request.note) lines.push(`Note: ${request.note}`);
  return lines.join('\n');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
