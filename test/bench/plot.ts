/** Growth of one quantity with another. */
export interface Series {
  name: string;
  /** Points in the order of `x`; both above zero. */
  points: { x: number; y: number }[];
}

export interface Plot {
  /** Name of the file, without its ending. */
  name: string;
  svg: string;
  /** Plot in characters. */
  text: string;
}

/** Characters. */
const [COLUMNS, ROWS] = [64, 18];
/** Pixels. */
const [WIDTH, HEIGHT, MARGIN, LEGEND] = [640, 480, 48, 240];
const COLOURS = ['#4269d0', '#efb118', '#ff725c', '#6cc5b0', '#3ca951', '#a463f2', '#97bbf5', '#9c6b4e'];

/**
 * Power of `x` by which the costs grew at its largest values, from the last point but one to the last: 1 is linear,
 * 0 not at all.
 */
export function exponentOf({ points }: Series): number {
  const [before, last] = points.slice(-2);
  return before && last ? Math.log(last.y / before.y) / Math.log(last.x / before.x) : Number.NaN;
}

/** All of them as multiples of their own first point, both axes logarithmic: what is linear is parallel to the dotted line. */
export function logLogPlot(name: string, all: readonly Series[]): Plot {
  const relative = all.map(({ name, points }) => ({
    name,
    points: points.map(({ x, y }) => ({
      x: Math.log(x / (points[0]?.x ?? 1)),
      y: Math.log(y / (points[0]?.y ?? 1)),
    })),
  }));
  const every = relative.flatMap(({ points }) => points);
  const extent = {
    right: Math.max(...every.map(({ x }) => x), Math.log(2)),
    bottom: Math.min(...every.map(({ y }) => y), 0),
    top: Math.max(...every.flatMap(({ x, y }) => [x, y]), Math.log(2)),
  };
  return { name, svg: svgOf(relative, extent), text: textOf(relative, extent) };
}

interface Extent {
  right: number;
  bottom: number;
  top: number;
}

function svgOf(all: Series[], { right, bottom, top }: Extent): string {
  const at = (x: number, y: number) => [
    (MARGIN + (x / right) * (WIDTH - 2 * MARGIN)).toFixed(1),
    (HEIGHT - MARGIN - ((y - bottom) / (top - bottom)) * (HEIGHT - 2 * MARGIN)).toFixed(1),
  ];
  const line = (points: { x: number; y: number }[], style: string) =>
    `<polyline fill="none" ${style} points="${points.map(({ x, y }) => at(x, y).join(',')).join(' ')}"/>`;
  const lines = all.flatMap(({ name, points }, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const [x, y] = [WIDTH - MARGIN / 2, MARGIN + index * 20];
    const dashes = index < COLOURS.length ? '' : ' stroke-dasharray="6 3"';
    return [
      line(points, `stroke="${colour}" stroke-width="2"${dashes}`),
      `<text x="${x}" y="${y}" fill="${colour}">${escaped(name)}</text>`,
    ];
  });
  const edge = Math.min(right, top);
  const ticks = [...factors(right)].flatMap(([log, label]) => {
    const [x, y] = at(log, bottom);
    return [`<text x="${x}" y="${Number(y) + 18}" text-anchor="middle">${label}</text>`];
  });
  const marks = [...factors(top)].map(([log, label]) => {
    const [x, y] = at(0, log);
    return `<text x="${Number(x) - 6}" y="${y}" text-anchor="end">${label}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + LEGEND} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    line(
      [
        { x: 0, y: top },
        { x: 0, y: bottom },
        { x: right, y: bottom },
      ],
      'stroke="black"',
    ),
    line(
      [
        { x: 0, y: 0 },
        { x: edge, y: edge },
      ],
      'stroke="gray" stroke-dasharray="2 4"',
    ),
    ...[...ticks, ...marks, ...lines],
    '</svg>\n',
  ].join('\n');
}

function textOf(all: Series[], { right, bottom, top }: Extent): string {
  const grid = Array.from({ length: ROWS }, () => Array.from({ length: COLUMNS }, () => ' '));
  const put = (x: number, y: number, mark: string) => {
    const row = grid[Math.round(((top - y) / (top - bottom)) * (ROWS - 1))];
    const column = Math.round((x / right) * (COLUMNS - 1));
    // Points that meet show the first of them; all are in the legend.
    if (row && (row[column] === ' ' || row[column] === '.')) row[column] = mark;
  };
  const edge = Math.min(right, top);
  for (let at = 0; at < COLUMNS; at += 2) put((at / COLUMNS) * edge, (at / COLUMNS) * edge, '.');
  const letter = (index: number) => String.fromCharCode(65 + index);
  for (const [index, { points }] of all.entries()) for (const { x, y } of points) put(x, y, letter(index));
  const axis = ` 1x${'-'.repeat(COLUMNS - 5)}${Math.round(Math.exp(right))}x`;
  const legend = all.map(({ name }, index) => `${letter(index)} ${name}`);
  return [...grid.map((row) => `| ${row.join('').trimEnd()}`), axis, ...legend, '. linear'].join('\n');
}

/** 1x, 2x, 5x, 10x and so on up to this logarithm. */
function* factors(most: number): Generator<[log: number, label: string]> {
  for (let ten = 1; Math.log(ten) <= most; ten *= 10)
    for (const one of [1, 2, 5])
      if (Math.log(ten * one) <= most + 1e-9) yield [Math.log(ten * one), `${ten * one}x`];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
