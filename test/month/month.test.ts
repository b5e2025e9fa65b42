import { beforeAll, describe, expect, test } from 'vitest';
import { parseWindow } from '../../src/cli/window.js';
import { openingAt } from '../../src/timer/rules/window.js';
import { atEndOfAll } from '../support/at-end.js';
import { simulateMarch, WINDOW, ZONE } from './march.js';
import { type Month, story } from './month.js';

describe('a host in March', () => {
  let march: Month;
  const atEnd = atEndOfAll();

  beforeAll(async () => {
    march = await simulateMarch(atEnd);
    console.info(`${story(march.lines, ZONE)}\n\n${march.history}`);
  });

  const madeBy = (by: string, kind: string) =>
    march.changes.filter(({ initiator, kind: made }) => initiator === by && made === kind);
  const looks = () => march.lines.filter(({ who }) => who === 'timer');
  const between = (from: string, to: string) =>
    looks().filter(({ at }) => at > Date.parse(from) && at < Date.parse(to));

  test('the history is what its operator would want', () => {
    expect(madeBy('timer', 'update').map(({ status, from, to }) => [status, from, to])).toEqual([
      ['package_updated_restart_verified', '2026.2.1', '2026.3.1'],
      ['rolled_back', '2026.3.1', '2026.3.2'],
      ['package_updated_restart_verified', '2026.3.1', '2026.3.3'],
      ['package_updated_restart_verified', '2026.3.3', '2026.3.4'],
      ['package_updated_restart_verified', '2026.3.3', '2026.3.5'],
    ]);
    expect(madeBy('person', 'rollback')).toMatchObject([{ from: '2026.3.4', to: '2026.3.3' }]);
  });

  test('status names what runs at the end, and it is healthy', async () => {
    expect(await march.world.version()).toBe('2026.3.5');
  });

  test('every automatic update begins in a window, on the wall clock of the place, also after it was put forward', () => {
    const windows = [{ ...parseWindow(WINDOW), timeZone: ZONE }];
    const begun = madeBy('timer', 'update').map(({ startedAt }) => Date.parse(startedAt));
    expect(begun).toHaveLength(5);
    for (const at of begun) expect(openingAt(windows, at), new Date(at).toISOString()).not.toBe(null);
  });

  test('a release that fails is taken once, and the fixed one later', () => {
    expect(march.changes.filter(({ to }) => to === '2026.3.2').map(({ kind }) => kind)).toEqual([
      'stage',
      'update',
    ]);
    const after = between('2026-03-11T03:00Z', '2026-03-13T08:00Z');
    expect(after.map(({ rule }) => rule)).toEqual(after.map(() => 'quarantined'));
    const takenBack = between('2026-03-13T07:59Z', '2026-03-13T09:00Z');
    expect(takenBack.at(-1)?.text).toContain('crashes at start, use 2026.3.3');
  });

  test('nothing is changed while updates are held, and each run says so', () => {
    const held = between('2026-03-14T09:59Z', '2026-03-19T10:00Z');
    expect(held.length).toBeGreaterThan(5);
    expect(held.map(({ rule }) => rule)).toEqual(held.map(() => 'held'));
  });

  test('a registry that is down is asked less and less often, and each run says why', () => {
    const [from, to] = [Date.parse('2026-03-22T06:00Z'), Date.parse('2026-03-23T04:00Z')];
    const down = march.asked.filter((at) => at >= from && at < to);
    expect(down.length).toBeGreaterThan(3);
    // An hourly look would have asked 22 times.
    expect(down.length).toBeLessThan(14);
    for (const { rule, text } of between('2026-03-22T06:00Z', '2026-03-23T04:00Z'))
      expect([rule, text]).toEqual(['registry', expect.stringContaining('500 Internal Server Error')]);
  });

  test('a registry that names an older release than the running one changes nothing', () => {
    const lying = between('2026-03-23T04:00Z', '2026-03-24T12:00Z').filter(({ rule }) => rule !== 'registry');
    expect(lying.length).toBeGreaterThan(0);
    for (const { verdict, text } of lying)
      expect([verdict, text]).toEqual(['no', expect.stringContaining('2026.3.1 is older than 2026.3.3')]);
  });

  test('a release that a person rolled back from is not taken again', () => {
    const after = between('2026-03-27T15:30Z', '2026-03-29T12:00Z');
    expect(after.map(({ rule }) => rule)).toEqual(after.map(() => 'manualRollback'));
  });
});
