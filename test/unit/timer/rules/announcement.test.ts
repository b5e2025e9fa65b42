import { describe, expect, test } from 'vitest';
import { type Announced, announce } from '../../../../src/timer/rules/announcement.js';
import { decide } from '../../../../src/timer/rules/decision.js';
import { type Differences, NOW, situation, window } from '../../../support/schedule.js';

const HOUR = 60 * 60_000;
const now = Date.parse(NOW);

const ago = (ms: number) => new Date(now - ms).toISOString();
const SINCE = (ms: number): Announced => ({ version: '2026.9.6', at: ago(ms) });
const NIGHT = { settings: { windows: [window('03:00', '05:00', 'UTC')] } };
/** A window that is open for another minute, which is as long as the countdown. */
const ENDING = { settings: { windows: [window('10:00', '12:01', 'UTC')] } };
const FOR_50_MINUTES = { withinMs: 50 * 60_000, countdownMs: 60_000, quietMs: 5 * 60_000, giveUp: true };

type Row = [
  story: string,
  before: Announced | null,
  Differences,
  announced: 'none' | 'kept' | 'now',
  wait: object | null,
];

const ROWS: Row[] = [
  ['nothing is to be done', null, { policy: { enabled: false } }, 'none', null],
  ['the window is not open', null, NIGHT, 'none', null],
  ['an update may be made', null, {}, 'now', { kind: 'now', idle: FOR_50_MINUTES }],
  ['it was announced before', SINCE(HOUR), {}, 'kept', { kind: 'now', idle: FOR_50_MINUTES }],
  [
    'the deadline comes within this run',
    SINCE(23.5 * HOUR),
    {},
    'kept',
    { kind: 'now', idle: { ...FOR_50_MINUTES, withinMs: HOUR / 2 } },
  ],
  [
    'the deadline has passed',
    SINCE(24 * HOUR),
    {},
    'kept',
    { kind: 'now', idle: { withinMs: 0, countdownMs: 60_000 } },
  ],
  [
    'the window closes within this run',
    SINCE(HOUR),
    { settings: { windows: [window('10:00', '12:31', 'UTC')] } },
    'kept',
    { kind: 'now', idle: { ...FOR_50_MINUTES, withinMs: HOUR / 2 } },
  ],
  [
    'the countdown would not end in the window',
    SINCE(HOUR),
    ENDING,
    'kept',
    { kind: 'later', until: '2026-11-22T10:00:00.000Z' },
  ],
  [
    'the countdown would not end in the window, after the deadline',
    SINCE(25 * HOUR),
    ENDING,
    'kept',
    { kind: 'later', until: '2026-11-22T10:00:00.000Z' },
  ],
  ['the deadline has passed, but no window is open', SINCE(25 * HOUR), NIGHT, 'kept', null],
  ['a person holds it', SINCE(HOUR), { policy: { hold: { until: null } } }, 'none', null],
  ['a person holds it for an hour', SINCE(HOUR), { policy: { hold: { until: ago(-HOUR) } } }, 'none', null],
  [
    'another version is offered',
    { ...SINCE(HOUR), version: '2026.9.5-1' },
    {},
    'now',
    { kind: 'now', idle: FOR_50_MINUTES },
  ],
  ['the registry does not answer just now', SINCE(HOUR), { registry: null }, 'kept', null],
  [
    'it was announced by a clock that was ahead',
    SINCE(-HOUR),
    {},
    'now',
    { kind: 'now', idle: FOR_50_MINUTES },
  ],
];

describe('Announced', () => {
  test.each(ROWS)('%s', (_story, before, differences, expected, expectedWait) => {
    const input = situation(differences);
    const { announced, wait } = announce(decide(input), before, now, input.settings);
    expect(announced).toEqual({ none: null, kept: before, now: { version: '2026.9.6', at: NOW } }[expected]);
    if (expectedWait === null) expect(wait).toBe(null);
    else expect(wait).toMatchObject(expectedWait);
  });
});
