import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { trialCommand, tryInside } from '../../../src/adopt/sandbox-trial.js';
import { temporaryDirectory } from '../../support/place.js';

function places() {
  const place = temporaryDirectory('trial');
  const [root, state] = [join(place, 'my root'), join(place, 'state')];
  for (const path of [root, state]) mkdirSync(path);
  return { root, state };
}

const run = ([program = '', ...args]: string[]) => spawnSync(program, args).status;

test('the trial does what the launcher does, and leaves nothing', () => {
  const { root, state } = places();
  expect(run(trialCommand({ root, state }))).toBe(0);
  expect(run(trialCommand({ root, state: null }))).toBe(0);
  expect([readdirSync(root), readdirSync(state)]).toEqual([[], []]);
});

test.each([
  ['root', 42],
  ['state', 46],
] as const)('another directory in the place of the %s ends it with %d', (which, code) => {
  const at = places();
  const command = trialCommand(at);
  renameSync(at[which], `${at[which]}.old`);
  mkdirSync(at[which]);
  expect(run(command)).toBe(code);
});

test('a process that sees what this one does is not tried', async () => {
  expect(await tryInside(process.pid, places())).toBeNull();
});
