import { execa } from 'execa';
import { expect, test } from 'vitest';
import { CLI, makeWorld } from '../support/world.js';

test('on a terminal a moving line shows the step, how far it is and how long it took', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  // One of the two packages is there and the other one is not, for longer than a line takes to be painted anew.
  world.registry.fault({ kind: 'slow', match: /tiny-dep-.*\.tgz/, delayMs: 2_000 });
  const command = [process.execPath, CLI, 'stage', '2026.6.1'].join(' ');
  const { stdout: shown } = await execa('script', ['-qec', command, '/dev/null'], {
    env: world.env,
    extendEnv: false,
  });
  expect(shown).toMatch(/Download and install.*\d+ %/);
  expect(shown).toMatch(/✔ Seal .*\d s/);
  expect(shown).toContain('2026.6.1 is staged.');
});
