import type { ChangeDocument } from '../../views/change.js';
import { dayAndTime, duration, title, tone } from './format.js';

const WIDTH = 600;
const TOP = 2;
const BOTTOM = 60;
const LEFT = 4;

interface Plotted {
  name: string;
  changes: ChangeDocument[];
  /** Milliseconds. */
  measured: (change: ChangeDocument) => number | null;
}

export function stageMsOf({ steps }: ChangeDocument): number | null {
  return steps.find(({ name }) => name === 'stage')?.durationMs ?? null;
}

/** Bars, one a change, oldest on the left; nothing with fewer than two values. */
export function Plot({ name, changes, measured }: Plotted) {
  const points = changes.toReversed().flatMap((change) => {
    const ms = measured(change);
    return ms === null ? [] : [{ change, ms }];
  });
  const [first, last] = [points[0], points.at(-1)];
  if (points.length < 2 || !first || !last) return null;
  const most = Math.max(...points.map(({ ms }) => ms), 1);
  const space = (WIDTH - 2 * LEFT) / points.length;
  const width = Math.min(space * 0.7, 40);
  const label = `${name}: at most ${duration(most)}, the last ${duration(last.ms)}`;
  return (
    <figure>
      <figcaption>{label}</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${BOTTOM + 1}`}
        role="img"
        preserveAspectRatio="none"
        aria-label={`${label}; ${points.length} changes, oldest first`}
      >
        <line class="axis" x1={LEFT} x2={WIDTH - LEFT} y1={BOTTOM} y2={BOTTOM} />
        {points.map(({ change, ms }, index) => {
          const height = Math.max(1, (ms / most) * (BOTTOM - TOP));
          const x = LEFT + index * space + (space - width) / 2;
          const kind = tone(change) === 'bad' ? 'bar failed' : 'bar';
          return (
            <rect key={change.change} class={kind} x={x} y={BOTTOM - height} width={width} height={height}>
              <title>{`${title(change)}, ${dayAndTime(change.startedAt)}: ${duration(ms)}`}</title>
            </rect>
          );
        })}
      </svg>
      <p class="dates soft">
        <span>{dayAndTime(first.change.startedAt)}</span>
        <span>{dayAndTime(last.change.startedAt)}</span>
      </p>
    </figure>
  );
}
