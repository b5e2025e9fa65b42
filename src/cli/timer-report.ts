import { duration } from '../core/duration.js';
import { moment } from '../core/moment.js';
import { heldText } from '../store/hold-text.js';
import type { Evaluation } from '../timer/evaluate.js';
import type { Verdict } from '../timer/run.js';
import type { AutoOverview } from '../views/timer-settings.js';
import { table } from './table.js';

export function decisionLine({ verdict, version, reason, until }: Omit<Verdict, 'rule'>): string {
  const about = version === null ? '' : ` ${version}`;
  const ends = verdict === 'wait' && until !== null;
  const when = ends ? `, until ${moment(until)}` : '';
  return `${verdict}${about}${when}: ${reason}`;
}

export function explanation({ decision, policy, file, asked }: Evaluation): string {
  const known = asked
    ? 'The registry was asked now.'
    : file.registry
      ? `The registry was not asked, or did not answer: this is from what it said at ${moment(file.registry.askedAt)}.`
      : 'The registry has not answered yet, or was not asked.';
  return [
    decisionLine(decision),
    known,
    ...(file.trouble ? [`It failed since ${moment(file.trouble.since)}: ${file.trouble.error.message}`] : []),
    ...policy.notes,
    '',
    table([
      ['RULE', 'SAYS', 'WHY'],
      ...decision.votes.map(({ rule, verdict, reason }) => [rule, verdict, reason]),
    ]),
  ].join('\n');
}

function availableText({ version, askedAt }: NonNullable<AutoOverview['available']>): string {
  return `${version}, as the registry said ${duration(Date.now() - Date.parse(askedAt))} ago (openclaw-releases check)`;
}

/** Rows for `status`: none when the timer is disabled, nothing is announced and updates are not held. */
export function autoRows({ enabled, hold, last, announced, trouble, available }: AutoOverview): string[][] {
  return [
    ...(available ? [['available', availableText(available)]] : []),
    ...(enabled ? [['timer', last ? decisionLine(last) : 'enabled; it has not looked yet']] : []),
    ...(announced ? [['announced', `${announced.version}, since ${moment(announced.at)}`]] : []),
    ...(trouble && enabled
      ? [['registry', `failed since ${moment(trouble.since)}: ${trouble.error.message}`]]
      : []),
    ...(hold ? [['held', `updates${heldText(hold)}`]] : []),
  ];
}
