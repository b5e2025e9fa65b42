import { duration } from '../core/duration.js';
import { moment } from '../core/moment.js';
import { printable } from '../core/printable.js';
import type { PluginApi } from './api.js';
import type { PageData } from './page-data.js';

/** Last part of the address; below the route that the gateway guards, which gives the frame a grant to read. */
export const TAB = 'tab';

/** Adds the tab "Releases" to the Control UI of 2026.9; earlier ones would report a surface that they do not know. */
export function registerTab(api: PluginApi, path: string): void {
  api.session?.controls?.registerControlUiDescriptor({
    surface: 'tab',
    id: 'releases',
    label: 'Releases',
    description: 'What runs, what is kept, and what was changed.',
    icon: 'package',
    group: 'control',
    path: `${path}/${TAB}`,
    requiredScopes: ['operator.read'],
  });
}

const STYLE =
  'body{margin:1rem;font:15px/1.45 system-ui,sans-serif;color-scheme:light dark}table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}';

/** For a frame without scripts, cookies and popups: one document, which loads itself again. */
export const TAB_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const SECONDS = 10;

export function tabPage({
  gateway,
  current,
  previous,
  trial,
  hold,
  running,
  releases,
  changes,
}: PageData): string {
  const facts: [string, string | null][] = [
    ['Runs', `${gateway.version ?? 'unknown'}, since ${moment(gateway.since)}, on Node ${gateway.node}`],
    ['Current', current],
    ['Previous', previous],
    ['On trial', trial],
    ['Held', hold && (hold.until === null ? 'until it is lifted' : `until ${moment(hold.until)}`)],
    ['Now', running && [running.sentence, running.progress?.sentence].filter(Boolean).join(' ')],
  ];
  const table = (title: string, rows: string[][]) =>
    rows.length === 0
      ? ''
      : `<h2>${inHtml(title)}</h2><table>${rows.map((row) => `<tr>${row.map((cell) => `<td>${inHtml(cell)}</td>`).join('')}</tr>`).join('')}</table>`;
  const body = [
    table(
      'This gateway',
      facts.filter((fact): fact is [string, string] => fact[1] !== null),
    ),
    table(
      'Releases',
      releases.map(({ id, marks, fault }) => [id, marks.join(', '), fault ? `damaged: ${fault}` : '']),
    ),
    table(
      'Last changes',
      changes
        .slice(0, 10)
        .map(({ startedAt, sentence, downtimeMs }) => [
          moment(startedAt),
          sentence,
          downtimeMs === null ? '' : `outage ${duration(downtimeMs)}`,
        ]),
    ),
    '<p>This tab only shows. Changes are made on the page <code>/releases</code> of this gateway, and by <code>/releases</code> in a chat. This frame may not open that page: type its address.</p>',
  ];
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="${SECONDS}"><title>Releases</title><style>${STYLE}</style><h1>Releases</h1>${body.join('')}`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Texts of records may come from registries and archives. */
function inHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
