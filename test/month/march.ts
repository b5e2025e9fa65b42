import type { AtEnd } from '../support/place.js';
import { type Happening, type Line, type Month, published, simulate } from './month.js';

export const ZONE = 'Europe/Berlin';
export const WINDOW = 'Mon-Fri 02:00-05:00';

/** March 2026 as a publisher, a registry and a person make it; the clock in Berlin is put forward on the 29th. */
const HAPPENINGS: Happening[] = [
  { at: '2026-03-02T09:00Z', what: '2026.3.1 is published', registry: published('2026.3.1') },
  {
    at: '2026-03-09T09:00Z',
    what: '2026.3.2-beta.1 is published as beta',
    registry: published('2026.3.2-beta.1', {}, 'beta'),
  },
  {
    at: '2026-03-09T15:00Z',
    what: '2026.3.2 is published, and crashes',
    registry: published('2026.3.2', { crashAtStart: true }),
  },
  {
    at: '2026-03-13T08:00Z',
    what: '2026.3.2 is deprecated by its publisher',
    registry: (registry) => registry.deprecate('openclaw', '2026.3.2', 'crashes at start, use 2026.3.3'),
  },
  { at: '2026-03-13T09:00Z', what: '2026.3.3 is published', registry: published('2026.3.3') },
  { at: '2026-03-14T10:00Z', what: 'hold 5d --why "away"', types: ['hold', '5d', '--why', 'away'] },
  { at: '2026-03-20T18:00Z', what: 'unhold', types: ['unhold'] },
  {
    at: '2026-03-22T06:00Z',
    what: 'the registry is down',
    registry: (registry) => registry.fault({ kind: 'server-error', match: /^\/openclaw$/ }),
  },
  {
    at: '2026-03-23T04:00Z',
    what: 'the registry is back, and names 2026.3.1 as its latest, without 2026.3.3',
    registry(registry) {
      registry.clearFaults();
      registry.unpublish('openclaw', '2026.3.3');
      registry.unpublish('openclaw', '2026.3.2');
      registry.tag('openclaw', 'latest', '2026.3.1');
    },
  },
  { at: '2026-03-24T12:00Z', what: '2026.3.4 is published', registry: published('2026.3.4') },
  {
    at: '2026-03-27T15:00Z',
    what: 'rollback, since people do not like 2026.3.4',
    types: ['rollback', '--yes'],
  },
  { at: '2026-03-29T12:00Z', what: '2026.3.5 is published', registry: published('2026.3.5') },
];

export const SETTINGS = [
  ...['--window', WINDOW, '--time-zone', ZONE, '--idle', '0m', '--countdown', '0s'],
  // A turn would be drawn else, and a test would have to know how.
  ...[
    '--delay',
    '24h',
    '--jitter',
    '0h',
    '--minimum-age',
    '12h',
    '--soak',
    '24h',
    '--minimum-interval',
    '24h',
  ],
];

export function simulateMarch(atEnd: AtEnd, tell?: (line: Line) => void): Promise<Month> {
  return simulate({
    ...{ from: '2026-03-01T00:00Z', to: '2026-04-02T00:00Z', first: '2026.2.1', settings: SETTINGS },
    ...{ happenings: HAPPENINGS, atEnd, ...(tell && { tell }) },
  });
}
