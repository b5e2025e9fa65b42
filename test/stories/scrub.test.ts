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

test('the timer repairs a damaged previous release and its Node before anybody needs them', async () => {
  const { world, told } = await updatedWorld();
  await world.ok('timer', 'enable', '--scrub', '1s');
  damage(world, FILE);
  const node = `runtimes/node-${process.versions.node}/bin/node`;
  damage(world, node);
  const { changes } = await world.ok('timer', 'run');
  expect(changes).toMatchObject([{ kind: 'stage', to: OLD, status: 'staged' }]);
  expect(told()[0]).toMatchObject({ event: 'damaged', text: expect.stringMatching(/1 more/) });
  expect(await world.ok('verify', 'previous')).toMatchObject({ ok: true, fault: null });
  expect((await world.ok('list')).scrub.damaged).toEqual([]);
  expect((await world.ok('status')).gateway).toMatchObject({ release: NEW, health: { ready: true } });
});

test('a damaged release that was yanked stays as it is, and both are named', async () => {
  const { world } = await updatedWorld();
  damage(world, FILE);
  world.registry.unpublish('openclaw', OLD);
  await world.cli('scrub');
  const failed = await world.cli('stage', OLD);
  expect(failed.json.error).toMatchObject({ code: 'version_not_found' });
  expect((await world.ok('list')).scrub.damaged).toMatchObject([{ name: `releases/${OLD}` }]);
  expect(await world.cli('verify', OLD)).toMatchObject({ exitCode: 7 });
  // The release that runs is not replaced, even where it is damaged.
  damage(world, FILE.replace(OLD, NEW));
  expect(await world.cli('scrub')).toMatchObject({ json: { damaged: { length: 2 } } });
  await world.ok('stage', NEW);
  expect(await world.cli('verify', NEW)).toMatchObject({ exitCode: 7 });
});
