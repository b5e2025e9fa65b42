import { waitingText } from '../change/waiting.js';
import { duration } from '../core/duration.js';
import type { Corrupt } from '../core/record.js';
import type { IdleFacts } from '../ledger/facts.js';
import type { Change, ChangeStatus } from '../ledger/ledger.js';
import { errorLines, seconds } from './output.js';

const MEANING: Record<ChangeStatus, (change: Change) => string> = {
  staged: ({ facts }) => `${facts.to} is staged.`,
  already_current: ({ facts }) => `${facts.to} is current already; nothing was changed.`,
  package_updated_restart_verified: ({ facts }) =>
    `${facts.to ?? 'What was there before'} runs and is verified${outage(facts.liveMs)}.`,
  package_updated_restart_scheduled: ({ facts }) =>
    `${facts.to} is current and will run from the next start on.`,
  package_update_failed: ({ facts }) => `Failed before the switch; ${current(facts.from)} still.`,
  package_updated_restart_failed: ({ facts }) => `The restart failed; ${current(facts.from)} again.`,
  rolled_back: ({ facts }) => `${facts.to} failed verification; ${current(facts.from)} again.`,
  helper_never_ran: () => 'The process that was to make the change never did; nothing was changed.',
  rollback_failed: ({ facts }) => `The rollback to ${facts.from ?? 'what ran before'} failed too: act now.`,
};

function current(id: string | null): string {
  return id === null ? 'no release is current' : `${id} is current`;
}

function outage(liveMs: number | undefined): string {
  return liveMs === undefined ? '' : `, live again ${seconds(liveMs)} after the restart`;
}

/** Puts `ok` and `status` first, because scripts read them. */
export function changeDocument(change: Change): object {
  const { id, status, facts, error, undoError, warnings, steps, plan, startedAt, endedAt } = change;
  const { recovery = null } = change;
  const ok = error === null;
  return {
    ok,
    status,
    change: id,
    from: facts.from,
    to: facts.to,
    error,
    undoError,
    warnings,
    recovery,
    steps,
    facts,
    plan,
    startedAt,
    endedAt,
  };
}

export function changeText(change: Change): string {
  const lines = [change.status === null ? 'active' : `${change.status}: ${MEANING[change.status](change)}`];
  const { recovery } = change;
  if (recovery) lines.push(`${recovery.outcome} after its process died: ${recovery.why}`);
  if (change.error) lines.push(...errorLines(change.error));
  if (change.undoError) lines.push(...errorLines(change.undoError));
  lines.push(...stateLines(change));
  const { interruptedWork: cut = [] } = change.facts.idle ?? {};
  if (cut.length > 0 && change.facts.restart) lines.push(`cut off by the restart: ${cut.join(', ')}.`);
  for (const warning of change.warnings) lines.push(`warning: ${warning}`);
  const { resolved, install } = change.facts;
  if (resolved && resolved.signature !== 'verified')
    lines.push(`note: the registry's signature is ${resolved.signature}.`);
  if (install && install.skippedScripts.length > 0) {
    lines.push(`note: install scripts not run: ${install.skippedScripts.join(', ')}.`);
  }
  return lines.join('\n');
}

function stateLines({ facts, endedAt }: Change): string[] {
  const { stateRestored: last, snapshot, restore } = facts;
  if (last?.restored) {
    const since = restore?.at ?? snapshot?.at;
    const minutes = since ? ` (${duration(Date.parse(last.at) - Date.parse(since))})` : '';
    const from = since ? `, as it was at ${since}` : '';
    return [
      `state: that of ${last.release}${from}, was put back; what was written since${minutes} is kept in states/${last.aside}.`,
    ];
  }
  if (last) return [`state: as it was; ${last.why}`];
  if (!snapshot || endedAt === null) return [];
  const what = snapshot.scope === 'config' ? 'the configuration' : 'the state';
  return [`state: ${what} as ${facts.from} left it is kept in states/${snapshot.name}, for going back.`];
}

export function corruptLines(corrupt: Corrupt[]): string[] {
  return corrupt.map(
    ({ path, why }) => `Cannot be understood: ${path} ${why}. Next: openclaw-releases recover`,
  );
}

export function waitingLines(waiting: IdleFacts): string[] {
  const { announcedAt, deadlineAt, restartAt } = waiting;
  const when = restartAt === null ? `until ${deadlineAt} at the latest` : `at ${restartAt}`;
  return [
    `A restart is announced since ${announcedAt}: ${waitingText(waiting)}, ${when}.`,
    '  next: openclaw-releases cancel, to end it; openclaw-releases restart-now, to have it now',
  ];
}
