import type { ChangePicture } from '../page-data.js';
import { h } from './dom.js';
import { failure } from './failure.js';
import { dayAndTime, duration, title, verdict } from './format.js';
import { plots } from './plot.js';

const ASKED: Record<string, string> = { timer: ', by the timer', gateway: ', through the gateway' };

export function history(changes: ChangePicture[]): Node[] {
  if (changes.length === 0) return [h('h2', {}, 'Last changes'), h('p', {}, 'There has been none.')];
  const drawn = plots(changes);
  return [
    h('h2', {}, 'Last changes'),
    ...(drawn ? [drawn] : []),
    h('ul', { class: 'plain' }, ...changes.slice(0, 10).map(item)),
    ...(changes.length > 10
      ? [
          h(
            'details',
            {},
            h('summary', { id: 'older' }, `${changes.length - 10} older ones`),
            h('ul', { class: 'plain' }, ...changes.slice(10).map(item)),
          ),
        ]
      : []),
  ];
}

function item(change: ChangePicture): HTMLElement {
  const { id, initiator, startedAt, endedAt, outageMs, stageMs, status, error, undoError, warnings, idle } =
    change;
  const { text, tone } = verdict(change);
  const took = endedAt ? Date.parse(endedAt) - Date.parse(startedAt) : null;
  const figures = [
    took !== null && `took ${duration(took)}`,
    outageMs !== null && `no answer for ${duration(outageMs)} at most`,
    stageMs !== null && `staging ${duration(stageMs)}`,
  ].filter(Boolean);
  return h(
    'li',
    { 'data-change': id, 'data-status': status },
    h('strong', {}, title(change)),
    h('p', { class: tone }, text),
    h('p', { class: 'soft' }, `${dayAndTime(startedAt)}${ASKED[initiator] ?? ''}; ${figures.join(', ')}`),
    error && failure(error, `${id}-error`),
    undoError && failure(undoError, `${id}-undo`),
    change.recovery ? h('p', { class: 'soft' }, `${change.recovery.outcome}: ${change.recovery.why}`) : null,
    idle?.interruptedWork?.length
      ? h('p', { class: 'warn' }, `The restart cut off ${idle.interruptedWork.join(', ')}.`)
      : null,
    ...warnings.map((warning) => h('p', { class: 'warn' }, warning)),
  );
}
