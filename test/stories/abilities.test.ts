import { expect, onTestFinished, test } from 'vitest';
import { makeWorld, QUICK } from '../support/world.js';

test.each([[{}], [{ neverReady: true }]])(
  'a release whose channel does not find its credential is rolled back, and the channel is named: %j',
  async (also) => {
    const world = await makeWorld(onTestFinished);
    world.publish('2026.6.1', { tellsActivity: true });
    world.publish('2026.6.5', { tellsActivity: true, lacksCredential: true, ...also });
    await world.start('2026.6.1');
    const { json } = await world.cli('update', '2026.6.5', ...QUICK);
    expect(json).toMatchObject({
      status: 'rolled_back',
      error: { code: 'gateway_worse', message: expect.stringContaining('broken: channel discord') },
    });
    expect(await world.version()).toBe('2026.6.1');
  },
);

test('a channel that lacked its credential before is no reason to roll back', async () => {
  const world = await makeWorld(onTestFinished);
  for (const version of ['2026.6.1', '2026.6.5'])
    world.publish(version, { tellsActivity: true, lacksCredential: true });
  await world.start('2026.6.1');
  expect(await world.ok('update', '2026.6.5', ...QUICK)).toMatchObject({
    status: 'package_updated_restart_verified',
  });
});
