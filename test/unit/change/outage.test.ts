import { expect, test } from 'vitest';
import { outageOf } from '../../../src/change/outage.js';
import { outageText } from '../../../src/views/outage-text.js';

const SINCE = 1_000_000;
const at = (startedMs: number | null, liveMs: number, readyMs: number) => ({
  startedAt: startedMs === null ? null : SINCE + startedMs,
  liveAt: SINCE + liveMs,
  readyAt: SINCE + readyMs,
});

test('the parts of an outage are in their order, and together the time until ready', () => {
  const outage = outageOf(SINCE, 400.4, at(520, 6_600, 7_400));
  expect(outage).toEqual({ stopMs: 400, startMs: 120, loadMs: 6_080, channelsMs: 800 });
  expect(outage && outageText(outage)).toBe('stop 0.4 s, next process 0.1 s, load 6.1 s, channels 0.8 s');
});

test('a next process that was there before anybody saw that the old one was gone', () => {
  expect(outageOf(SINCE, 400, at(391, 1_000, 1_000))).toEqual({
    ...{ stopMs: 391, startMs: 0, loadMs: 609, channelsMs: 0 },
  });
});

test.each([
  ['how long the stop took', null, at(520, 6_600, 7_400)],
  ['when the process was started', 400, at(null, 6_600, 7_400)],
  ['what time it was, since a clock was set back', 400, at(520, -3_000, -2_000)],
  ['what a process did that is older than the request', 400, at(-20, 6_600, 7_400)],
  ['what time it was between live and ready', 400, at(520, 6_600, 3_000)],
])('nothing is said where nobody knows %s', (_, stopMs, verified) => {
  expect(outageOf(SINCE, stopMs, verified)).toBeNull();
});
