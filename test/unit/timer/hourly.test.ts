import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { identify } from '../../../src/host/process.js';
import { everyHour } from '../../../src/timer/hourly.js';
import { temporaryDirectory, until } from '../../support/place.js';

const EVERY_SECOND = '* * * * * *';

test('what is due is started once at a time, in a session of its own; nothing is while nothing is due', async () => {
  const log = join(temporaryDirectory(), 'log');
  const lines = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  let due = false;
  let asked = 0;
  const stop = everyHour({
    ...{ offsetMs: 0, pattern: EVERY_SECOND, log: (line) => appendFileSync(log, `${line}\n`) },
    due: () => {
      asked++;
      // Its own session has its own pid for a number (the sixth field of proc(5)'s stat).
      const script = `echo "$$ $(cut -d' ' -f6 /proc/$$/stat)" >>'${log}'; sleep 2.2; echo ended >>'${log}'`;
      return due ? ['/bin/sh', '-c', script] : null;
    },
  });
  onTestFinished(stop);
  await until('it was asked', () => asked > 0);
  expect(lines()).toEqual([]);
  due = true;
  await until('two have ended', () => lines().filter((line) => line === 'ended').length === 2);
  const [first = '', second, third = ''] = lines();
  expect(second).toBe('ended');
  for (const line of [first, third]) expect(line).toMatch(/^(\d+) \1$/);
}, 30_000);

test('what cannot be started is told, and the next one is tried', async () => {
  const told: string[] = [];
  const stop = everyHour({
    ...{ offsetMs: 0, pattern: EVERY_SECOND, log: (line) => told.push(line) },
    due: () => ['/no/such/program'],
  });
  onTestFinished(stop);
  await until('it was told twice', () => told.length >= 2);
  expect(told[0]).toContain('The timer could not be run: spawn /no/such/program ENOENT');
}, 30_000);

test('what does not end is killed, told, and not the last', async () => {
  const told: string[] = [];
  const started = join(temporaryDirectory(), 'started');
  const pids = () =>
    existsSync(started) ? readFileSync(started, 'utf8').trim().split('\n').map(Number) : [];
  const stop = everyHour({
    ...{ offsetMs: 0, pattern: EVERY_SECOND, limitMs: 300, log: (line) => told.push(line) },
    due: () => ['/bin/sh', '-c', `trap '' TERM; echo $$ >>'${started}'; sleep 100 & wait`],
  });
  onTestFinished(stop);
  // One that is killed before it has said its pid is one more that was told.
  const dead = () => pids().filter((pid) => identify(pid) === null);
  await until('two were killed', () => told.length >= 2 && dead().length >= 2);
  expect(told[0]).toBe('What the timer ran did not end, and was killed.');
}, 30_000);
