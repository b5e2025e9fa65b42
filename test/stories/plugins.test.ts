import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identify } from '../../src/host/process.js';
import type { PluginBehaviour } from '../registry/gateway-package.js';
import { until } from '../support/place.js';
import { installPlugin, PLUGIN } from '../support/plugin.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

/** A gateway of 2026.6.1 with the plugin `chat` 1.0.0, and 2026.6.2 to go to. */
async function worldWithPlugin(plugins: PluginBehaviour, more = {}): Promise<World> {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.2', { plugins, ...more });
  installPlugin(stateOf(world), '1.0.0', release(world, '2026.6.1'));
  await world.start('2026.6.1');
  return world;
}

const stateOf = (world: World) => world.env.OPENCLAW_STATE_DIR ?? '';
const release = (world: World, version: string) => join(world.root, 'releases', version);
const versionOf = (world: World) =>
  JSON.parse(readFileSync(join(stateOf(world), PLUGIN, 'package.json'), 'utf8')).version;
const linkOf = (world: World) => readlinkSync(join(stateOf(world), PLUGIN, 'node_modules/openclaw'));
const starts = (world: World) =>
  readFileSync(join(stateOf(world), 'starts.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).version);

// biome-ignore lint/suspicious/noExplicitAny: a document of `--json`
const stepOf = (change: any) => change.steps.find(({ name }: { name: string }) => name === 'plugins');
/** Ledger's record of a change that a command named. */
const changeOf = (world: World, { change }: { change: string }) =>
  JSON.parse(readFileSync(join(world.root, 'changes', `${change}.json`), 'utf8'));

describe('a release and the plugins beside it', () => {
  test('a host without plugins runs none of the tools and starts the gateway once', async () => {
    const world = await makeWorld();
    world.publish('2026.6.1');
    world.publish('2026.6.2', { plugins: { hangs: true } });
    await world.start('2026.6.1');
    const change = changeOf(world, await world.ok('update', '2026.6.2', ...QUICK));
    expect(stepOf(change)).toMatchObject({ state: 'skipped', note: 'no plugin is installed' });
    expect(change.facts.plugins).toBeUndefined();
    expect(starts(world)).toEqual(['2026.6.1', '2026.6.2']);
  });

  test('a plugin that cannot be updated is a warning with its name, and the update stands', async () => {
    const world = await worldWithPlugin({ refuses: { chat: 'no version of it fits 2026.6.2' } });
    const change = changeOf(world, await world.ok('update', '2026.6.2', ...QUICK));
    expect(change.status).toBe('package_updated_restart_verified');
    expect(change.warnings).toEqual([
      'The plugin chat has not come along: Failed to update chat: no version of it fits 2026.6.2',
    ]);
    expect(versionOf(world)).toBe('1.0.0');
    expect(await world.version()).toBe('2026.6.2');
  });

  test('plugins that the release reports it cannot load are a warning, too', async () => {
    const world = await worldWithPlugin({ breaks: { chat: 'it imports what is gone' } });
    const change = changeOf(world, await world.ok('update', '2026.6.2', ...QUICK));
    expect(change.warnings).toEqual(['The plugin chat has not come along: it imports what is gone']);
  });

  test('a link that nothing repairs is a warning that names the release it leads to, and that release is not pruned', async () => {
    const world = await worldWithPlugin({ leavesLinks: true });
    const change = changeOf(world, await world.ok('update', '2026.6.2', ...QUICK));
    const target = join(release(world, '2026.6.1'), 'node_modules/openclaw');
    expect(change.warnings).toEqual([
      `The plugin @acme/chat has not come along: It still runs on OpenClaw's code in ${target}.`,
    ]);

    world.publish('2026.6.3', { plugins: { leavesLinks: true } });
    await world.ok('update', '2026.6.3', ...QUICK);
    const { keep } = await world.ok('prune', '--keep', '0', '--dry-run');
    expect(keep).toContainEqual({ id: '2026.6.1', reason: 'linked by the plugin @acme/chat' });
  });

  test('a gateway that is unhealthy with the new set gets the old one back, and the release stays', async () => {
    const world = await worldWithPlugin({ to: { chat: '2.0.0' }, crashesWith: { chat: '2.0.0' } });
    const change = changeOf(world, await world.ok('update', '2026.6.2', ...QUICK));
    expect(change.status).toBe('package_updated_restart_verified');
    expect(stepOf(change).note).toBe('put back as they were');
    expect(change.warnings.join('\n')).toMatch(/not well with what became of chat.*put back/);
    expect(versionOf(world)).toBe('1.0.0');
    expect(await world.version()).toBe('2026.6.2');
  });

  test('when the change rolls back after it, the plugins roll back with the code', async () => {
    const world = await worldWithPlugin({ to: { chat: '2.0.0' } });
    world.env.OPENCLAW_RELEASES_FAULT = 'throw after plugins';
    const { exitCode, json } = await world.cli('update', '2026.6.2', ...QUICK);
    expect(exitCode).toBe(5);
    expect(changeOf(world, json).status).toBe('rolled_back');
    expect(versionOf(world)).toBe('1.0.0');
    expect(linkOf(world)).toBe(join(release(world, '2026.6.1'), 'node_modules/openclaw'));
    expect(await world.version()).toBe('2026.6.1');
  });

  test('a later rollback by hand takes the plugins along, with the snapshot that was kept for that', async () => {
    const world = await worldWithPlugin({ to: { chat: '2.0.0' } });
    await world.ok('update', '2026.6.2', ...QUICK);
    const { exitCode, json } = await world.cli('rollback', ...QUICK);
    expect([exitCode, json.error.code]).toEqual([3, 'confirmation_needed']);
    expect(json.error.message).toContain('the plugin chat is 2.0.0 now, and was 1.0.0');
    // A switch would ask the same.
    expect(json.error.hint).toMatch(
      /^openclaw-releases --root \S+ rollback 2026\.6\.1 --yes, or --keep-state/,
    );
    await world.ok('rollback', '--yes', ...QUICK);
    expect(versionOf(world)).toBe('1.0.0');
    expect(linkOf(world)).toBe(join(release(world, '2026.6.1'), 'node_modules/openclaw'));
    expect(await world.version()).toBe('2026.6.1');
  });

  test('a later rollback by hand takes the plugins along without a snapshot, too', async () => {
    const world = await worldWithPlugin({ to: { chat: '2.0.0' } });
    world.env.OPENCLAW_RELEASES_FAULT = 'throw after plugins';
    const { exitCode } = await world.cli('update', '2026.6.2', '--no-snapshot', ...QUICK);
    expect(exitCode).toBe(5);
    expect(versionOf(world)).toBe('1.0.0');
    expect(linkOf(world)).toBe(join(release(world, '2026.6.1'), 'node_modules/openclaw'));
    expect(await world.version()).toBe('2026.6.1');
  });

  test('a change whose process dies in it is recovered: the plugins continue from where they were', async () => {
    const world = await worldWithPlugin({ to: { chat: '2.0.0' } });
    world.env.OPENCLAW_RELEASES_FAULT = 'kill after plugins';
    await world.cli('update', '2026.6.2', ...QUICK);
    expect(versionOf(world)).toBe('2.0.0');
    delete world.env.OPENCLAW_RELEASES_FAULT;
    const { recovered } = await world.ok('recover');
    expect(recovered[0]).toMatchObject({ status: 'package_updated_restart_verified' });
    expect(changeOf(world, recovered[0]).facts.plugins).toMatchObject({
      before: [{ version: '1.0.0' }],
      after: [{ version: '2.0.0' }],
    });
    expect(await world.version()).toBe('2026.6.2');
  });

  test('tools that never end are killed with their child processes at the end of their time', async () => {
    const world = await worldWithPlugin({ to: { chat: '2.0.0' }, hangs: true });
    const change = changeOf(world, await world.ok('update', '2026.6.2', '--plugins-timeout', '3', ...QUICK));
    expect(stepOf(change).note).toBe('put back as they were');
    expect(versionOf(world)).toBe('1.0.0');
    expect(await world.version()).toBe('2026.6.2');
    const helper = Number(readFileSync(join(stateOf(world), 'plugin-helper.pid'), 'utf8'));
    await until('the helper is gone', () => identify(helper) === null);
  });
});

test('an update updates a plugin and its link too, with one more start of the gateway', async () => {
  const world = await makeWorld();
  const state = world.env.OPENCLAW_STATE_DIR ?? '';
  const release = (version: string) => join(world.root, 'releases', version);
  world.publish('2026.6.1');
  world.publish('2026.6.2', { plugins: { to: { chat: '2.0.0' } } });
  installPlugin(state, '1.0.0', release('2026.6.1'));
  await world.start('2026.6.1');

  const { steps, warnings } = await world.ok('update', '2026.6.2', ...QUICK);
  expect(warnings).toEqual([]);
  expect(steps).toContainEqual(
    expect.objectContaining({ name: 'plugins', state: 'done', note: 'chat 1.0.0 -> 2.0.0' }),
  );
  expect(JSON.parse(readFileSync(join(state, PLUGIN, 'package.json'), 'utf8')).version).toBe('2.0.0');
  expect(readlinkSync(join(state, PLUGIN, 'node_modules/openclaw'))).toBe(
    join(release('2026.6.2'), 'node_modules/openclaw'),
  );
  const starts = readFileSync(join(state, 'starts.jsonl'), 'utf8').trim().split('\n');
  expect(starts.map((line) => JSON.parse(line).version)).toEqual(['2026.6.1', '2026.6.2', '2026.6.2']);
});
