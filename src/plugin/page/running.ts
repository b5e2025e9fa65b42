import { duration } from '../../core/duration.js';
import type { ChangeDocument } from '../../views/change.js';
import { button, command, fold, h } from './dom.js';
import { failure } from './failure.js';
import { clock, title } from './format.js';
import type { Model, Orders } from './model.js';
import { phaseBar } from './phases.js';

const SIGNS: Record<string, string> = { done: '✓', failed: '✗', undone: '↩', undo_failed: '✗' };

export function runningChange(change: ChangeDocument, model: Model, orders: Orders): Node[] {
  const { lostSince, asking, picture } = model;
  const { idle, status, kind, startedAt, error } = change;
  const canStop = status === 'running' && !change.steps.some(({ name }) => name === 'switch');
  const waits = idle && idle.outcome === undefined;
  const usual = kind === 'update' && picture?.expected ? `; usually ${duration(picture.expected.ms)}` : '';
  const steps = change.steps.filter(({ state }) => state !== 'skipped');
  const now = steps.at(-1);
  return [
    h('h2', {}, title(change)),
    phaseBar(change),
    h(
      'p',
      {},
      status === 'interrupted'
        ? h('span', { class: 'bad' }, change.sentence)
        : h('span', {}, 'Active for ', h('time', { 'data-since': startedAt }), usual),
      error && h('span', { class: 'bad' }, ' — it failed, and is being undone'),
      lostSince !== null && h('span', { class: 'warn' }, ' — as it was when the gateway last answered'),
    ),
    ...(idle ? [waiting(idle, waits === true)] : []),
    ...(change.progress && !waits ? [h('p', { class: 'soft' }, change.progress.sentence)] : []),
    fold(
      'steps',
      ['Details', now ? h('span', { class: 'soft' }, `: ${now.title}`) : null],
      [h('ol', { class: 'steps plain' }, ...steps.map(step))],
    ),
    ...(error ? [failure(error, 'running')] : []),
    ...(status === 'interrupted' ? [command('openclaw-releases recover', 'recover')] : []),
    h(
      'div',
      { class: 'row' },
      canStop && button('cancel', 'Stop', () => orders.cancel(), { disabled: asking === 'cancel' }),
      waits &&
        kind === 'update' &&
        button('restart-now', 'Do not wait', () => orders.restartNow(), { disabled: asking !== null }),
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
      ? h('span', {}, 'it restarts in ', h('time', { 'data-until': idle.restartAt }), '.')
      : h('span', {}, `${busy}, at the longest for `, h('time', { 'data-until': idle.deadlineAt }), '.'),
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
      ? h('span', {}, state === 'undoing' ? 'being undone, ' : '', h('time', { 'data-since': startedAt }))
      : h(
          'span',
          { class: 'soft' },
          [state, durationMs === null ? '' : duration(durationMs)].filter(Boolean).join(', '),
        ),
    note ? h('span', { class: 'note' }, note) : null,
  );
}

/** Updates every relative time; none is in the live region, which would be read out each second. */
export function tick(now = Date.now()): void {
  const each = (name: string, text: (ms: number) => string) => {
    for (const element of document.querySelectorAll<HTMLElement>(`[data-${name}]`))
      element.textContent = text(now - Date.parse(element.dataset[name] ?? ''));
  };
  each('since', duration);
  each('until', (ms) => duration(-ms));
  each('ago', (ms) => (ms < 60_000 ? 'just now' : `${duration(ms).split(' ').slice(0, 2).join(' ')} ago`));
}
