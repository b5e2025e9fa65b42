import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { identify } from '../../../src/host/process.js';
import { readTimerState } from '../../../src/store/timer-state.js';
import { everyHour, lookEveryHour } from '../../../src/timer/builtin-timer.js';
import { temporaryDirectory, temporaryRoot } from '../../support/place.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: Date.UTC(2026, 10, 21, 12, 50) });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Waits in real time, and advances the clock of the test by so much at each look. */
const until = (condition: () => boolean, stepMs = 1) =>
  vi.waitFor(
    async () => {
      await vi.advanceTimersByTimeAsync(stepMs);
      expect(condition()).toBe(true);
    },
    { timeout: 50_000, interval: 10 },
  );

/** Times of the clock at which a command was due, as `HH:MM`, and the sentences that were logged. */
function start(due: () => string[] | null, offsetMs = 0) {
  const asked: string[] = [];
  const logged: string[] = [];
  const noted = () => {
    asked.push(new Date().toISOString().slice(11, 16));
    return due();
  };
  const stop = everyHour(offsetMs, noted, (line) => void logged.push(line));
  onTestFinished(stop);
  return { asked, logged, stop };
}

test('the timer asks once an hour, at its own moment, until it is stopped', async () => {
  const { asked, stop } = start(() => null, 5 * MINUTE);
  await vi.advanceTimersByTimeAsync(3 * HOUR);
  expect(asked).toEqual(['13:05', '14:05', '15:05']);
  stop();
  await vi.advanceTimersByTimeAsync(3 * HOUR);
  expect(asked).toHaveLength(3);
});

test('a command that is due runs in a session of its own, and no other starts before it has ended', async () => {
  const directory = temporaryDirectory();
  const [log, go] = [join(directory, 'log'), join(directory, 'go')];
  const lines = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  // Sessions have the pid of their leader as number (the sixth field of proc(5)'s stat).
  const session = `echo "$$ $(cut -d' ' -f6 /proc/$$/stat)" >>'${log}'`;
  const untilGo = `while [ -d '${directory}' ] && ! [ -e '${go}' ]; do sleep 0.02; done`;
  const { asked } = start(() => ['/bin/sh', '-c', `${session}; ${untilGo}; echo ended >>'${log}'`]);
  await vi.advanceTimersByTimeAsync(4 * HOUR);
  await until(() => lines().length === 1);
  expect(asked).toEqual(['13:00']);
  writeFileSync(go, '');
  await until(() => lines().length >= 4, MINUTE);
  const own = expect.stringMatching(/^(\d+) \1$/);
  expect(lines().slice(0, 4)).toEqual([own, 'ended', own, 'ended']);
});

test('a command that cannot be started is logged, and the next one is tried', async () => {
  const { logged } = start(() => ['/no/such/program']);
  await until(() => logged.length === 2, 10 * MINUTE);
  expect(logged[1]).toContain('The timer could not be run: spawn /no/such/program ENOENT');
});

test('a command that has not ended after a day is killed and logged, and the next one is tried', async () => {
  const directory = temporaryDirectory();
  const started = join(directory, 'started');
  const pids = () =>
    existsSync(started) ? readFileSync(started, 'utf8').trim().split('\n').map(Number) : [];
  const endless = `while [ -d '${directory}' ]; do sleep 0.1; done`;
  const { logged } = start(() => [
    '/bin/sh',
    '-c',
    `trap '' TERM; echo $$ >>'${started}'; (${endless}) & wait`,
  ]);
  for (const count of [1, 2]) {
    await until(() => pids().length === count, MINUTE);
    vi.advanceTimersByTime(DAY - 6 * HOUR);
    expect([logged.length, identify(pids().at(-1) ?? 0)]).toEqual([count - 1, expect.anything()]);
    await until(() => logged.length === count, 10 * MINUTE);
  }
  expect(logged[0]).toBe('What the timer ran did not end, and was killed.');
});

test('a full disk does not keep a gateway from being supervised', () => {
  vi.stubEnv('OPENCLAW_RELEASES_FAULT', 'ENOSPC before write timer-state.json');
  onTestFinished(() => void vi.unstubAllEnvs());
  const told: string[] = [];
  lookEveryHour(temporaryRoot(), (line) => told.push(line))();
  expect(told).toEqual([expect.stringContaining('ENOSPC')]);
});

test('the moment of the hour is kept from the first start on', () => {
  const root = temporaryRoot();
  lookEveryHour(root, () => {})();
  expect(readTimerState(root).installId).toBe(readTimerState(root).installId);
});
