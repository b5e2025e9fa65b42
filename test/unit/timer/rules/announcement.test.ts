import { describe, expect, test } from 'vitest';
import {
  type Activity,
  type Announced,
  announcement,
  type NextAction,
} from '../../../../src/timer/rules/announcement.js';
import { decide } from '../../../../src/timer/rules/decision.js';
import { type Differences, NOW, situation, window } from '../../../support/schedule.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const now = Date.parse(NOW);

function ago(ms: number): string {
  return new Date(now - ms).toISOString();
}

const BUSY: Activity = { idleSince: null };
const IDLE: Activity = { idleSince: ago(HOUR) };
const SINCE = (ms: number, countdownMs: number | null = null): Announced => ({
  version: '2026.9.6',
  at: ago(ms),
  countdownSince: countdownMs === null ? null : ago(countdownMs),
});
const NIGHT = { settings: { windows: [window('03:00', '05:00', 'UTC')] } };
/** A window that is open for another thirty seconds. */
const ENDING = { now: NOW, settings: { windows: [window('10:00', '12:00', 'UTC')] } };

type Row = [
  story: string,
  announced: Announced | null,
  Activity,
  Differences,
  action: NextAction,
  until?: string | null,
];

const ROWS: Row[] = [
  ['nothing is to be done', null, IDLE, { policy: { enabled: false } }, 'none', null],
  ['the window is not open', null, IDLE, NIGHT, 'none', '2026-11-22T03:00:00.000Z'],
  ['an update may be made', null, IDLE, {}, 'announce', null],
  [
    'it was announced, and the gateway has long been idle',
    SINCE(0),
    IDLE,
    {},
    'countdown',
    '2026-11-21T12:01:00.000Z',
  ],
  ['the gateway is busy', SINCE(HOUR), BUSY, {}, 'wait-idle', '2026-11-22T11:00:00.000Z'],
  [
    'the gateway has just become idle',
    SINCE(HOUR),
    { idleSince: NOW },
    {},
    'wait-idle',
    '2026-11-21T12:05:00.000Z',
  ],
  [
    'the deadline has passed, and it is still busy',
    SINCE(24 * HOUR),
    BUSY,
    {},
    'countdown',
    '2026-11-21T12:01:00.000Z',
  ],
  ['it counts down', SINCE(HOUR, 20_000), IDLE, {}, 'countdown', '2026-11-21T12:00:40.000Z'],
  [
    'a countdown was begun that nobody saw the end of',
    SINCE(HOUR, 600_000),
    IDLE,
    {},
    'countdown',
    '2026-11-21T12:01:00.000Z',
  ],
  ['the countdown is over', SINCE(HOUR, 60_000), IDLE, {}, 'go', null],
  [
    'it became busy while it was counted down',
    SINCE(HOUR, 60_000),
    BUSY,
    {},
    'wait-idle',
    '2026-11-22T11:00:00.000Z',
  ],
  [
    'it became busy while it was counted down, after the deadline',
    SINCE(25 * HOUR, 60_000),
    BUSY,
    {},
    'go',
    null,
  ],
  [
    'the deadline has passed, but no window is open',
    SINCE(25 * HOUR),
    BUSY,
    NIGHT,
    'wait-window',
    '2026-11-22T03:00:00.000Z',
  ],
  ['a person holds it', SINCE(HOUR, 30_000), IDLE, { policy: { hold: { until: null } } }, 'withdraw', null],
  [
    'a person holds it for an hour',
    SINCE(HOUR),
    IDLE,
    { policy: { hold: { until: ago(-HOUR) } } },
    'withdraw',
    null,
  ],
  ['another version is offered', { ...SINCE(HOUR), version: '2026.9.5-1' }, IDLE, {}, 'withdraw', null],
  ['the registry does not answer just now', SINCE(HOUR), IDLE, { registry: null }, 'wait-window', null],
  ['it was announced by a clock that was ahead', SINCE(-HOUR), BUSY, {}, 'withdraw', null],
];

describe('Announced', () => {
  test.each(ROWS)('%s', (_story, announced, activity, differences, action, until) => {
    const input = situation(differences);
    const next = announcement(decide(input), announced, activity, now, input.settings);
    expect(next).toMatchObject({ action, until });
    expect(next.announced?.at).toBe(
      ['none', 'withdraw'].includes(action) ? undefined : (announced?.at ?? NOW),
    );
    expect(next.reason).toMatch(/^[^ ].*\.$/);
  });

  test('no countdown begins that would not end in the window', () => {
    const input = situation(ENDING);
    const at = Date.parse('2026-11-21T11:59:30Z');
    const decision = decide({ ...input, clock: { ...input.clock, now: at } });
    expect(decision.verdict).toBe('update');
    expect(announcement(decision, SINCE(HOUR), IDLE, at, input.settings)).toMatchObject({
      action: 'wait-window',
      until: '2026-11-22T10:00:00.000Z',
    });
  });

  test('leads to the update step by step', () => {
    const input = situation();
    const actions: NextAction[] = [];
    let announced: Announced | null = null;
    let at = now;
    const idleSince = new Date(now + 3 * MINUTE).toISOString();
    while (actions.at(-1) !== 'go' && actions.length < 20) {
      const activity = at < Date.parse(idleSince) ? BUSY : { idleSince };
      const decision = decide({ ...input, clock: { ...input.clock, now: at } });
      const next = announcement(decision, announced, activity, at, input.settings);
      announced = next.announced;
      const { action } = next;
      if (action !== actions.at(-1)) actions.push(action);
      at += 20_000;
    }
    expect(actions).toEqual(['announce', 'wait-idle', 'countdown', 'go']);
    expect(at - 20_000).toBe(Date.parse(idleSince) + 6 * MINUTE);
  });
});
