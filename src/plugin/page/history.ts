import { duration } from '../../core/duration.js';
import type { ChangeDocument } from '../../views/change.js';
import { ago, fold, h } from './dom.js';
import { failure } from './failure.js';
import { title, verdict } from './format.js';
import type { Model, Orders } from './model.js';

const ASKED: Record<string, string> = { timer: 'by the timer', gateway: 'through the gateway' };

const SHOWN = 8;

export function history({ picture, onlyFailed }: Model, orders: Orders): Node[] {
  const all = picture?.changes ?? [];
  if (all.length === 0) return [h('h2', {}, 'History'), h('p', {}, 'Nothing has been changed yet.')];
  const changes = onlyFailed ? all.filter(({ error }) => error !== null) : all;
  const filter = h('input', {
    ...{ type: 'checkbox', id: 'only-failed', checked: onlyFailed },
    change: () => orders.filter((filter as HTMLInputElement).checked),
  });
  const older = changes.slice(SHOWN).map((change) => row(change));
  return [
    h('h2', {}, 'History'),
    h('label', { class: 'row' }, filter, 'Only what failed'),
    ...(changes.length === 0 ? [h('p', {}, 'Nothing failed.')] : []),
    h(
      'ul',
      { class: 'plain rows' },
      ...changes.slice(0, SHOWN).map((change, index) => row(change, index === 0)),
    ),
    ...(older.length > 0
      ? [fold('older', [`${older.length} older`], [h('ul', { class: 'plain rows' }, ...older)])]
      : []),
  ];
}

/** @param isNewest a newest change that failed is unfolded: its next command is what to do now */
function row(change: ChangeDocument, isNewest = false): HTMLElement {
  const { change: id, startedAt, endedAt, downtimeMs, status } = change;
  const { tone, sign, text } = verdict(change);
  const took = endedAt ? Date.parse(endedAt) - Date.parse(startedAt) : null;
  const figures = [
    took !== null && `took ${duration(took)}`,
    downtimeMs !== null && `outage ${duration(downtimeMs)}`,
  ].filter(Boolean);
  const summary = [
    h('span', { class: tone, 'aria-hidden': 'true' }, sign),
    h('span', {}, h('strong', {}, title(change)), ' ', h('span', { class: tone }, text)),
    h('span', { class: 'soft' }, ago(startedAt), figures.length > 0 && ` · ${figures.join(' · ')}`),
  ];
  const isOpen = isNewest && tone === 'bad';
  return h(
    'li',
    { 'data-change': id, 'data-status': status },
    fold(`change-${id}`, summary, details(change), { open: isOpen }),
  );
}

function details({ change: id, sentence, initiator, error, undoError, notes, warnings }: ChangeDocument) {
  return [
    h('p', {}, sentence, ASKED[initiator] && h('span', { class: 'soft' }, ` Made ${ASKED[initiator]}.`)),
    error && failure(error, `${id}-error`),
    undoError && failure(undoError, `${id}-undo`),
    ...notes.map((note) => h('p', { class: 'soft' }, note)),
    ...warnings.map((warning) => h('p', { class: 'warn' }, warning)),
  ];
}
