import { expect, test } from 'vitest';
import { damage, FILE, NEW, OLD, updatedWorld } from '../support/scrub-world.js';
import { QUICK } from '../support/world.js';

test('a scrub names damage once to everybody, nothing is rolled back to it, and staging again repairs it', async () => {
  const { world, told } = await updatedWorld();
  const whole = await world.ok('scrub');
  expect(whole).toMatchObject({ left: [], damaged: [], oldestAt: expect.any(String) });
  expect(whole.compared).toEqual(expect.arrayContaining(['records', `releases/${OLD}`, `releases/${NEW}`]));
  expect((await world.ok('list')).releases).toMatchObject([
    { id: OLD, checkedAt: expect.any(String) },
    { id: NEW, checkedAt: expect.any(String) },
  ]);

  damage(world, FILE);
  const found = await world.cli('scrub');
  const named = { name: `releases/${OLD}`, releases: [OLD], damage: [expect.stringContaining(FILE)] };
  expect(found).toMatchObject({
    exitCode: 7,
    json: {
      damaged: [named],
      error: { code: 'release_damaged', hint: expect.stringContaining(`stage ${OLD}`) },
    },
  });
  expect((await world.ok('status')).scrub.damaged).toMatchObject([named]);
  expect((await world.ok('list')).scrub.damaged).toMatchObject([named]);
  expect(told()).toMatchObject([{ event: 'damaged', text: expect.stringContaining(FILE) }]);
  await world.cli('scrub');
  expect(told()).toHaveLength(1);

  const pid = (await world.ok('status')).gateway.pid;
  expect(await world.cli('rollback', ...QUICK)).toMatchObject({
    exitCode: 7,
    json: { error: { code: 'release_damaged' } },
  });
  expect((await world.ok('status')).gateway).toMatchObject({ pid, release: NEW });

  expect(await world.ok('stage', OLD)).toMatchObject({ status: 'staged', to: OLD });
  expect((await world.ok('list')).scrub.damaged).toEqual([]);
  expect(await world.ok('verify', 'previous')).toMatchObject({ release: OLD, ok: true });
  expect(await world.ok('rollback', ...QUICK)).toMatchObject({ to: OLD, error: null });
  expect(await world.ok('scrub')).toMatchObject({ damaged: [] });
});
