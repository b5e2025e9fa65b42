import { expect, test } from 'vitest';

import { expectSettledOn, stopDuring, updatableWorld } from '../support/interruption.js';

test('Ctrl-C while verifying rolls back', async () => {
  const world = await updatableWorld();
  const { exitCode, document } = await stopDuring(world, 'verify', 'SIGINT', '--settle', '30');
  expect(document).toMatchObject({ status: 'rolled_back', error: { code: 'interrupted' } });
  expect(exitCode).toBe(5);
  await expectSettledOn(world, '2026.6.1');
});
