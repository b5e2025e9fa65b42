import { duration } from '../core/duration.js';
import { moment } from '../core/moment.js';
import type { Facts } from '../ledger/facts.js';
import { type Change, isProven, stepOf } from '../ledger/ledger.js';
import { drillText } from '../rollback/drills.js';
import type { SeenStatus } from './change.js';

/** The result of a change for people; before the verdict, the present situation. */
export const CHANGE_SENTENCES: Record<SeenStatus, (change: Change) => string> = {
  staged: ({ facts }) => `${facts.to} is staged.`,
  already_current: ({ facts }) => `${facts.to} is current already; nothing was changed.`,
  package_updated_restart_verified: ({ facts: { to, liveMs } }) =>
    `${to ?? 'What was there before'} runs and is verified${liveMs === undefined ? '' : `, live again ${duration(liveMs)} after the restart`}.`,
  package_updated_restart_scheduled: ({ facts }) =>
    `${facts.to} is current and will run from the next start on.`,
  package_update_failed: (change) =>
    `${reason(change, 'Failed before the switch')}; ${current(change.facts.from)} still.`,
  package_updated_restart_failed: (change) =>
    `${reason(change, 'The restart failed')}; ${current(change.facts.from)} again.`,
  rolled_back: (change) =>
    `${reason(change, `${change.facts.to} failed verification`)}; ${current(change.facts.from)} again.`,
  helper_never_ran: () => 'The process that was to make the change never did; nothing was changed.',
  drill_passed: ({ facts: { to, drill } }) => drillText(to, drill),
  drill_failed: (change) =>
    `${reason(change, `Rolling back to ${change.facts.to} is not proven`)}; nothing that runs was changed.`,
  rollback_failed: ({ facts }) => `The rollback to ${facts.from ?? 'what ran before'} failed too: act now.`,
  running: (change) =>
    change.error ? `${reason(change, 'It failed')}, and is being undone.` : 'It is active.',
  interrupted: (change) => `Its process ended without a verdict. ${recoveryOutlook(change)}`,
};

/** A change that somebody cancelled, or whose process died, did not fail. */
function reason({ error, facts }: Change, failure: string): string {
  if (error?.code === 'interrupted') return error.message.replace(/\.$/, '');
  return error?.code === 'timed_out' ? `${facts.to} was not verified in time` : failure;
}

function current(id: string | null): string {
  return id === null ? 'no release is current' : `${id} is current`;
}

/** Result that the recovery of an interrupted change will have. */
export function recoveryOutlook(change: Change): string {
  const { from, to } = change.facts;
  if (change.steps.length === 0) return 'It had not begun: nothing was changed.';
  if (isProven(change)) return `${to} was verified already, and is kept.`;
  const switched = stepOf(change, 'switch') ?? stepOf(change, 'attach') ?? stepOf(change, 'detach');
  if (!switched) return 'It had changed nothing that runs; what it was staging is removed.';
  if (change.error) return `It was going back to ${from}, and that is finished.`;
  return `If ${to} runs and passes verification it is kept, else ${from} comes back.`;
}

/** More sentences for people: recovery, state, cut work, staging. */
export function notesOf({ facts, endedAt, recovery }: Change): string[] {
  const { idle, install, resolved, restartRequestedAt, snapshot } = facts;
  const cut = (restartRequestedAt && idle?.interruptedWork) || [];
  const skipped = install?.skippedScripts ?? [];
  const notes = [
    recovery && `${recovery.outcome} after its process died: ${recovery.why}`,
    facts.stateRestored
      ? restoredText(facts, facts.stateRestored)
      : snapshot && endedAt !== null
        ? `state: ${snapshot.scope === 'config' ? 'the configuration' : 'the state'} as ${facts.from} left it is kept in states/${snapshot.name}, for going back.`
        : null,
    cut.length > 0 && cutOffText(cut, facts.restartNotice),
    resolved?.signature === 'absent' && 'The registry has no signature of it.',
    resolved?.signature === 'unchecked' &&
      'Its signature was not checked: it has none, or none by a known key.',
    skipped.length > 0 && `Install scripts not run: ${skipped.join(', ')}.`,
  ];
  return notes.filter((note): note is string => typeof note === 'string');
}

function cutOffText(cut: string[], notice: Facts['restartNotice']): string {
  const text = `The restart cut off ${cut.join(', ')}.`;
  if (!notice) return text;
  if (notice.way) return `${text} The gateway was told, and continues its turns where it can.`;
  return `${text} The gateway took it for a stop (${notice.why}), so its turns may be lost.`;
}

function restoredText({ restore, snapshot }: Facts, last: NonNullable<Facts['stateRestored']>): string {
  if (!last.restored) return `state: as it was. ${last.why}`;
  const since = restore?.at ?? snapshot?.at;
  const minutes = since ? ` (${duration(Date.parse(last.at) - Date.parse(since))})` : '';
  const from = since ? `, as it was at ${moment(since)}` : '';
  return `state: that of ${last.release}${from}, was put back; what was written since${minutes} is kept in states/${last.aside}.`;
}
