import { duration } from '../../core/duration.js';
import { moment } from '../../core/moment.js';
import type { ChangeDocument } from '../../views/change.js';
import { h } from './dom.js';
import { failure } from './failure.js';
import { title, tone } from './format.js';
import { plots, stageMsOf } from './plot.js';

const ASKED: Record<string, string> = { timer: ', by the timer', gateway: ', through the gateway' };

export function history(changes: ChangeDocument[]): Node[] {
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

function item(change: ChangeDocument): HTMLElement {
  const { change: id, initiator, startedAt, endedAt, downtimeMs, status, error, undoError } = change;
  const stageMs = stageMsOf(change);
  const took = endedAt ? Date.parse(endedAt) - Date.parse(startedAt) : null;
  const figures = [
    took !== null && `took ${duration(took)}`,
    downtimeMs !== null && `no answer for ${duration(downtimeMs)} at most`,
    stageMs !== null && `staging ${duration(stageMs)}`,
  ].filter(Boolean);
  return h(
    'li',
    { 'data-change': id, 'data-status': status },
    h('strong', {}, title(change)),
    h('p', { class: tone(change) }, change.sentence),
    h('p', { class: 'soft' }, `${moment(startedAt)}${ASKED[initiator] ?? ''}; ${figures.join(', ')}`),
    error && failure(error, `${id}-error`),
    undoError && failure(undoError, `${id}-undo`),
    ...change.notes.map((note) => h('p', { class: 'soft' }, note)),
    ...change.warnings.map((warning) => h('p', { class: 'warn' }, warning)),
  );
}
