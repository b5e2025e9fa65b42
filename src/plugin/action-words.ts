import { duration } from '../core/duration.js';
import type { ErrorRecord } from '../core/errors.js';
import { size } from '../core/size.js';
import type { RunAnswer, StatusAnswer } from '../rpc/documents.js';
import type { Check, Found } from '../timer/check.js';
import type { Expected } from '../views/expected-update.js';
import type { ListedRelease } from '../views/releases.js';
import { findingText } from '../views/switch-findings.js';
import type { Door, Order } from './actions.js';

/** An order that is not confirmed and restores no state. */
function plain(action: Order['action'], version: string | null = null): Order {
  return { action, version, isConfirmed: false, restoresState: false };
}

function lines(...all: (string | false | null | undefined)[]): string {
  return all.filter(Boolean).join('\n');
}

export function status(document: StatusAnswer, door: Door): string {
  const { sentence, progress, notes, error, runs, warnings } = document;
  const version = runs?.version ?? runs?.release;
  return lines(
    version ? `${version} runs${runs?.ready ? '' : ', and is not ready'}.` : 'No gateway of this root runs.',
    sentence,
    progress?.sentence && `Now: ${progress.sentence}`,
    ...notes,
    ...warnings,
    error?.hint && `Next: ${error.hint}`,
    document.change !== null && document.phase !== 'finished' && `Again: ${door.spell(plain('status'))}`,
  );
}

/**
 * A release that is available, or the named one, and what an update to it takes.
 * @param named null when no release was named: such an update heeds holds, pins and quarantines
 */
export function update(found: Check | Found, named: string | null, door: Door): string {
  const { current, newest, findings } = found;
  if (newest === null) return 'sentence' in found ? found.sentence : '';
  const { version, publishedAt, staged, fetchBytes, notesUrl } = newest;
  if (version === current) return `${current} is current already.`;
  return lines(
    `An update takes ${current ?? 'this host'} to ${version}${publishedAt ? `, published ${publishedAt.slice(0, 10)}` : ''}: ${notesUrl}`,
    staged ? 'It is staged already.' : fetchBytes > 0 && `About ${size(fetchBytes)} to download.`,
    ...findings.map(findingText),
    `If ${version} is not healthy, ${current ?? 'the present release'} comes back automatically.`,
    named === null && findings.some(({ about }) => about === 'policy')
      ? `To take it all the same, name it: ${door.spell(plain('update', version))}`
      : `To do it: ${door.spell({ ...plain('update', version), isConfirmed: true })}`,
  );
}

/** @param named null when the release was not named, but is the previous one */
export function rollback(release: ListedRelease, named: string | null, door: Door): string {
  const { id, marks, quarantine, stateCompatibility, stateReason } = release;
  if (marks.includes('current')) return `${id} is current already.`;
  if (quarantine !== null && named === null) {
    return lines(
      `${id}, the previous release, failed here: ${quarantine.cause.message}`,
      `To return to another release, name it: ${door.spell(plain('rollback', 'VERSION'))}`,
    );
  }
  const restores = stateCompatibility === 'with-snapshot';
  const state = {
    yes: 'It reads today’s data, so nothing is lost.',
    'with-snapshot': `It cannot read today’s data (${stateReason}): the state that was kept of it comes back, and today’s is set aside.`,
    no: `It cannot read today’s data (${stateReason}), and no state of its own is kept, so this will be refused.`,
    unknown: `It is not known if it reads today’s data (${stateReason}). If it does not, the rollback is refused, and says so.`,
  }[stateCompatibility];
  return lines(
    `A rollback restarts the gateway with ${id}, and verifies that. If ${id} is not healthy, the present release comes back automatically.`,
    quarantine && `It failed here before: ${quarantine.cause.message}`,
    state,
    `To do it: ${door.spell({ ...plain('rollback', id), isConfirmed: true, restoresState: restores })}`,
  );
}

/** A change that was asked for. It must not read like success: only a verified change is one. */
export function begun(answer: RunAnswer, expected: Expected | null, door: Door): string {
  const { kind, target, status: is, change } = answer;
  if (is === 'already_current') return `${target} runs already; there was nothing to do.`;
  const away = expected
    ? `It is then away for about ${duration(expected.outageMs)}.`
    : 'How long it is then away was not measured here yet.';
  const how = door.spell(plain('status'));
  return lines(
    is === 'accepted'
      ? `The ${kind} to ${target} has begun, in a process outside of the gateway (${change}). It is not done yet.`
      : `The same ${kind} is active already (${change}), and this request joined it.`,
    `The gateway restarts when no work runs in it. ${away}`,
    door.sessionKey === null
      ? `How it ended: ${how}`
      : `The result comes into this session once the gateway is back, at the latest with the next message. It also says so: ${how}`,
  );
}

export function cancelled({ change }: { change: string }, door: Door): string {
  return `${change} was told to stop, and undoes its steps. How it ended: ${door.spell(plain('status'))}`;
}

export function failure({ message, untouched, hint, code }: ErrorRecord, order: Order, door: Door): string {
  const again = code === 'confirmation_needed' && order.version !== null;
  return lines(
    message,
    untouched,
    again
      ? `If you agree: ${door.spell({ ...order, isConfirmed: true, restoresState: true })}`
      : hint && `Next, on the host: ${hint}`,
  );
}
