import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { activityOf, bootId, bootIdSeenBy, commandLineOf } from '../../../src/host/process.js';
import { until } from '../../support/place.js';

test('a command line is shown without the values of secret options and without credentials', async () => {
  const args = [
    '--port',
    '1',
    '--token',
    'PW1',
    '--password=PW2',
    '--auth-key',
    'PW3',
    '--auth',
    '--url',
    'http://a:PW4@h/',
  ];
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', ...args], {
    stdio: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  await expect.poll(() => commandLineOf(child.pid ?? 0)).toContain('--url');
  expect(commandLineOf(child.pid ?? 0)).toMatch(
    / --port 1 --token … --password=… --auth-key … --auth --url http:\/\/h\/$/,
  );
});

test('the boot is read as another process sees it; of a process that is gone, nobody knows', () => {
  expect(bootIdSeenBy(process.pid)).toBe(bootId());
  expect(bootIdSeenBy(2 ** 30)).toBeNull();
});

test.each([
  ['computes', 'for (;;);', true],
  [
    'has a child that computes',
    "require('node:child_process').spawn(process.execPath, ['-e', 'for (;;);'])",
    true,
  ],
  ['waits for a timer', 'setInterval(() => {}, 1000)', false],
])('a process that %s wants to run, or not', async (_, program, wants) => {
  const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore', detached: true });
  const pid = child.pid ?? 0;
  onTestFinished(() => void process.kill(-pid, 'SIGKILL'));
  await once(child, 'spawn');
  // At its start each of them runs.
  let same = 0;
  await until(`it ${wants ? 'wants' : 'does not want'} to run`, () => {
    same = activityOf(pid).wantsToRun === wants ? same + 1 : 0;
    return same > 5;
  });
  expect(activityOf(2 ** 22)).toEqual({ ticks: 0, wantsToRun: false });
});
