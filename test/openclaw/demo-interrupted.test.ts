import type { ExecaError } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { demoPlace, LONG_MS } from './demo.js';

const atEnd = atEndOfAll();
let place: ReturnType<typeof demoPlace>;

beforeAll(() => {
  place = demoPlace(atEnd);
});

test.each([
  ['resolving', /stage \d|Look up/],
  ['installing', /Look up the version .*\n.*Check the room /],
  ['verifying the update', /✔ Restart /],
])('Ctrl-C while %s leaves nothing behind', { timeout: LONG_MS }, async (_, moment) => {
  const demo = place.start();
  let seen = '';
  demo.all.on('data', (text) => {
    seen += text;
    if (moment.test(seen) && !seen.includes('Interrupted.')) demo.kill('SIGINT');
  });
  const { exitCode, all } = (await demo) as ExecaError & { all: string };
  expect(exitCode, all).toBe(130);
  expect(all).toContain('Nothing is left behind');
  expect(place.leftBehind()).toEqual([]);
});
