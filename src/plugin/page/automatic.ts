import { moment } from '../../core/moment.js';
import { windowText } from '../../timer/rules/window-text.js';
import type { TimerStatus } from '../../timer/status.js';
import { ago, type Child, command, h } from './dom.js';

const DECISIONS = { update: 'Update', wait: 'Wait', no: 'No update' };

/** Automatic updates: next look, windows and the last decision. */
export function automatic({
  enabled,
  next,
  settings,
  last,
  breaker,
  blockedBy,
  trouble,
}: TimerStatus): Node[] {
  const heading = h('h2', {}, 'Automatic updates ', h('span', { class: 'mark' }, enabled ? 'on' : 'off'));
  const change = command('openclaw-releases timer enable --window "Mon-Fri 02:00-05:00"', 'timer');
  if (!enabled) return [heading, change];
  const decision = last && [`${DECISIONS[last.verdict]}: ${last.reason} (`, ago(last.at), ')'];
  const rows: [string, Child[]][] = [
    ['Next look', [next === null ? 'not known' : moment(next)]],
    ['Windows', [settings.windows.map(windowText).join('; ') || 'at any time']],
    ['Channel', [settings.channel]],
    ['Skipped', [settings.skip.join(', ') || 'none']],
    ['Last decision', decision ?? ['none yet']],
  ];
  const stops = [breaker, ...blockedBy, trouble && `The registry fails: ${trouble.error.message}`];
  return [
    heading,
    h('dl', {}, ...rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, ...value)])),
    change,
    ...stops.filter((text) => text !== null).map((text) => h('p', { class: 'warn' }, text)),
  ];
}
