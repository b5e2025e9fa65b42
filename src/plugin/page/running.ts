import { duration } from '../../core/duration.js';
import type { ChangeDocument } from '../../views/change.js';
import { command, h } from './dom.js';
import { failure } from './failure.js';
import { clock, title } from './format.js';
import type { Model, Orders } from './model.js';

const SIGNS: Record<string, string> = {
  ...{ done: '✓', skipped: '–', failed: '✗', undone: '↩', undo_failed: '✗' },
};

export function runningChange(change: ChangeDocument, { lostSince, asking }: Model, orders: Orders): Node[] {
  const canStop = change.status === 'running' && !change.steps.some(({ name }) => name === 'switch');
  const { idle } = change;
  const waits = idle && idle.outcome === undefined;
  return [
    h('h2', {}, title(change)),
    h(
      'p',
      {},
      change.status === 'interrupted'
        ? h('span', { class: 'bad' }, change.sentence)
        : h('span', {}, 'Active for ', h('time', { 'data-since': change.startedAt }, '')),
      change.error && h('span', { class: 'bad' }, ' — it failed, and is being undone'),
      lostSince !== null && h('span', { class: 'warn' }, ' — as it was when the gateway last answered'),
    ),
    ...(idle ? [waiting(idle, waits === true)] : []),
    ...(change.progress ? [h('p', { class: 'soft' }, change.progress.sentence)] : []),
    h('ol', { class: 'steps plain' }, ...change.steps.map(step)),
    ...(change.error ? [failure(change.error, 'running')] : []),
    ...(change.status === 'interrupted' ? [command('openclaw-releases recover', 'recover')] : []),
    h(
      'div',
      { class: 'row' },
      canStop &&
        h(
          'button',
          { type: 'button', id: 'cancel', disabled: asking === 'cancel', click: () => orders.cancel() },
          'Stop',
        ),
      waits &&
        change.kind === 'update' &&
        h(
          'button',
          { type: 'button', id: 'restart-now', disabled: asking !== null, click: () => orders.restartNow() },
          'Do not wait',
        ),
    ),
  ];
}

function waiting(idle: NonNullable<ChangeDocument['idle']>, waits: boolean): HTMLElement {
  if (!waits) {
    const cut = idle.interruptedWork?.length
      ? ` The restart cut off ${idle.interruptedWork.join(', ')}.`
      : '';
    return h(
      'p',
      { class: 'soft' },
      `Announced at ${clock(idle.announcedAt)}; waited: ${idle.outcome}.${cut}`,
    );
  }
  const busy = idle.busy?.length ? `waiting for ${idle.busy.join(', ')}` : 'waiting for it to be idle';
  return h(
    'p',
    { class: 'warn' },
    `Restart announced at ${clock(idle.announcedAt)}; `,
    idle.restartAt
      ? h('span', {}, 'it restarts in ', h('time', { 'data-until': idle.restartAt }, ''), '.')
      : h('span', {}, `${busy}, at the longest for `, h('time', { 'data-until': idle.deadlineAt }, ''), '.'),
  );
}

function step({
  name,
  title,
  state,
  startedAt,
  durationMs,
  note,
}: ChangeDocument['steps'][number]): HTMLElement {
  const goesOn = state === 'doing' || state === 'undoing';
  const tone = state === 'failed' || state === 'undo_failed' ? 'bad' : state === 'done' ? 'good' : 'soft';
  return h(
    'li',
    { 'data-step': name, 'data-state': state },
    h('span', { class: `${tone}${goesOn ? ' spin' : ''}`, 'aria-hidden': 'true' }, SIGNS[state] ?? ''),
    h('span', {}, title),
    goesOn
      ? h('span', {}, state === 'undoing' ? 'being undone, ' : '', h('time', { 'data-since': startedAt }, ''))
      : h(
          'span',
          { class: 'soft' },
          [state, durationMs === null ? '' : duration(durationMs)].filter(Boolean).join(', '),
        ),
    note ? h('span', { class: 'note' }, note) : null,
  );
}

/** Updates every running time; none is in the live region, which would be read out each second. */
export function tick(now = Date.now()): void {
  for (const element of document.querySelectorAll<HTMLElement>('[data-since]'))
    element.textContent = duration(now - Date.parse(element.dataset.since ?? ''));
  for (const element of document.querySelectorAll<HTMLElement>('[data-until]'))
    element.textContent = duration(Math.max(0, Date.parse(element.dataset.until ?? '') - now));
}
