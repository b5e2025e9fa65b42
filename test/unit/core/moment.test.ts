import { afterEach, expect, test } from 'vitest';
import { moment, momentColumn, parseDate } from '../../../src/core/moment.js';

const before = process.env.TZ;

afterEach(() => {
  process.env.TZ = before;
});

test.each([
  ['UTC', '2026-11-26 01:38 UTC'],
  ['Europe/Berlin', '2026-11-26 02:38 +01:00'],
  ['America/New_York', '2026-11-25 20:38 -05:00'],
  ['Asia/Kathmandu', '2026-11-26 07:23 +05:45'],
])('a time is local in %s', (zone, text) => {
  process.env.TZ = zone;
  expect(moment('2026-11-26T01:38:22.523Z')).toBe(text);
  expect(moment(Date.parse('2026-11-26T01:38:22.523Z'))).toBe(text);
});

test('a text that is no time is shown as it is', () => {
  expect(moment('yesterday')).toBe('yesterday');
});

test('a column names its zone once; across a change of clocks each cell names its own', () => {
  process.env.TZ = 'Europe/Berlin';
  expect(momentColumn('STAGED', ['2026-11-26T01:38Z', '2026-12-01T00:00Z'])).toEqual([
    'STAGED (+01:00)',
    '2026-11-26 02:38',
    '2026-12-01 01:00',
  ]);
  expect(momentColumn('STAGED', ['2026-07-01T00:00Z', '2026-12-01T00:00Z'])).toEqual([
    'STAGED',
    '2026-07-01 02:00 +02:00',
    '2026-12-01 01:00 +01:00',
  ]);
  expect(momentColumn('STAGED', [])).toEqual(['STAGED']);
});

test.each([
  ['2026-06-12T02:00Z', '2026-06-12T02:00:00.000Z'],
  ['2026-06-12 02:00:00+02:00', '2026-06-12T00:00:00.000Z'],
  ['2026-06-12', new Date(2026, 5, 12).toISOString()],
  ['2026-06-12 14:05', new Date(2026, 5, 12, 14, 5).toISOString()],
])('%s', (text, at) => {
  expect(parseDate(text)?.toISOString()).toBe(at);
});

test.each(['', 'tomorrow', '2026-13-01', '12', '2026-06-12T2:00'])('%j is no date', (text) => {
  expect(parseDate(text)).toBeNull();
});
