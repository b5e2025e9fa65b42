import { duration } from '../../core/duration.js';
import { moment } from '../../core/moment.js';
import type { ChangeDocument } from '../../views/change.js';
import { h, svg } from './dom.js';
import { title, tone } from './format.js';

const WIDTH = 600;
const TOP = 2;
const BOTTOM = 60;
const LEFT = 4;

/** Bars of outage and staging time, one a change, oldest on the left; null with fewer than two values of each. */
export function plots(changes: ChangeDocument[]): HTMLElement | null {
  const oldestFirst = [...changes].reverse();
  const drawn = [
    plot('Outage', oldestFirst, ({ downtimeMs }) => downtimeMs),
    plot('Staging', oldestFirst, stageMsOf),
  ].filter((one) => one !== null);
  return drawn.length === 0 ? null : h('div', {}, ...drawn);
}

export function stageMsOf({ steps }: ChangeDocument): number | null {
  return steps.find(({ name }) => name === 'stage')?.durationMs ?? null;
}

function plot(
  name: string,
  changes: ChangeDocument[],
  measured: (change: ChangeDocument) => number | null,
): HTMLElement | null {
  const points = changes.flatMap((change) => {
    const ms = measured(change);
    return ms === null ? [] : [{ change, ms }];
  });
  const [first, last] = [points[0], points.at(-1)];
  if (points.length < 2 || !first || !last) return null;
  const most = Math.max(...points.map(({ ms }) => ms), 1);
  const space = (WIDTH - 2 * LEFT) / points.length;
  const width = Math.min(space * 0.7, 40);
  const bars = points.map(({ change, ms }, index) => {
    const height = Math.max(1, (ms / most) * (BOTTOM - TOP));
    return svg(
      'rect',
      {
        class: tone(change) === 'bad' ? 'bar failed' : 'bar',
        x: (LEFT + index * space + (space - width) / 2).toFixed(1),
        y: (BOTTOM - height).toFixed(1),
        width: width.toFixed(1),
        height: height.toFixed(1),
      },
      svg('title', {}, `${title(change)}, ${moment(change.startedAt)}: ${duration(ms)}`),
    );
  });
  const label = `${name}: at most ${duration(most)}, the last ${duration(last.ms)}`;
  const axis = { x1: String(LEFT), x2: String(WIDTH - LEFT), y1: String(BOTTOM), y2: String(BOTTOM) };
  return h(
    'figure',
    {},
    h('figcaption', {}, label),
    svg(
      'svg',
      {
        ...{ viewBox: `0 0 ${WIDTH} ${BOTTOM + 1}`, role: 'img', preserveAspectRatio: 'none' },
        'aria-label': `${label}; ${points.length} changes, oldest first`,
      },
      svg('line', { class: 'axis', ...axis }),
      ...bars,
    ),
    h(
      'p',
      { class: 'dates soft' },
      h('span', {}, moment(first.change.startedAt)),
      h('span', {}, moment(last.change.startedAt)),
    ),
  );
}
