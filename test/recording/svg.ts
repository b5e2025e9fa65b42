import { coloured, plain, type ScreenLine } from './screen.js';

const [CHARACTER, LINE, EDGE] = [8.4, 20, 16];

/** Colours of SGR that the commands use. */
const COLOURS: Record<string, string> = {
  '2': '#8b949e',
  '31': '#ff7b72',
  '32': '#7ee787',
  '33': '#e3b341',
  '36': '#79c0ff',
  '90': '#8b949e',
};

/** Longest pause between two lines, in milliseconds: nobody watches a download. */
const PAUSE_MS = 1_200;

/** A picture in which each line appears when it did; whole at once for people who want no motion. */
export function recordingSvg(title: string, lines: readonly ScreenLine[]): string {
  const columns = Math.max(...lines.map(({ text }) => plain(text).length));
  const [width, height] = [Math.ceil(columns * CHARACTER) + 2 * EDGE, lines.length * LINE + 2 * EDGE];
  let [now, before] = [0, lines[0]?.at ?? 0];
  const rows = lines.map(({ at, text }, row) => {
    now += Math.min(at - before, PAUSE_MS);
    before = at;
    const pieces = coloured(text).map(
      ({ text, colour }) => `<tspan${fillOf(colour)}>${escaped(text)}</tspan>`,
    );
    const delay = `style="animation-delay:${(now / 1000).toFixed(2)}s"`;
    return `<text x="${EDGE}" y="${EDGE + (row + 0.75) * LINE}" ${delay}>${pieces.join('')}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<style>',
    'text { font: 14px ui-monospace, Menlo, Consolas, monospace; fill: #e6edf3; white-space: pre; }',
    '@media (prefers-reduced-motion: no-preference) { text { animation: appear 1ms both; } }',
    '@keyframes appear { from { opacity: 0; } to { opacity: 1; } }',
    '</style>',
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...rows,
    '</svg>\n',
  ].join('\n');
}

/** Lines of a picture, as text. */
export function linesOfSvg(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, row = '']) =>
    row
      .replace(/<[^>]+>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&'),
  );
}

function fillOf(colour: string): string {
  const fill = COLOURS[colour.split(';').at(-1) ?? ''];
  return fill === undefined ? '' : ` fill="${fill}"`;
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
