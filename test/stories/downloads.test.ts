import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CountingProxy } from '../registry/proxy.js';
import { nodePackage, npmrc, plain, proxyTo } from '../support/network.js';
import { until } from '../support/place.js';
import { makeWorld } from '../support/world.js';

const OLD = '2026.6.1';
const NEW = '2026.6.5';
const ARCHIVE = /\.tgz$/;

/** A world in which all that is asked for is counted. */
async function countedWorld() {
  const world = await makeWorld();
  const proxy = await proxyTo();
  npmrc(world, `proxy=${proxy.url}`);
  const taken = () => proxy.seen.splice(0);
  const archives = (all: CountingProxy['seen']) =>
    all.flatMap(({ request }) => /([^/]+)\.tgz$/.exec(request)?.[1] ?? []).sort();
  return { world, taken, archives };
}

describe('staging downloads', () => {
  const depends = (kept: string) => ({
    dependencies: { 'tiny-dep': '^1.0.0', kept, changing: '*' },
  });

  test('only what differs of the next release, and documents only when they have changed', async () => {
    const { world, taken, archives } = await countedWorld();
    for (const name of ['kept', 'changing']) world.registry.publish(plain(name, '1.0.0'));
    world.publish(OLD, depends('1.0.0'));
    await world.ok('stage', OLD);
    const first = taken();
    expect(archives(first)).toEqual(['changing-1.0.0', 'kept-1.0.0', `openclaw-${OLD}`, 'tiny-dep-1.0.0']);
    world.registry.publish(plain('changing', '1.1.0'));
    world.publish(NEW, depends('1.0.0'));
    await world.ok('stage', NEW);
    const second = taken();
    expect(archives(second)).toEqual(['changing-1.1.0', `openclaw-${NEW}`]);
    const whole = second.filter(({ request, status }) => status === 200 && !ARCHIVE.test(request));
    expect(whole.map(({ request }) => new URL(request.slice(4)).pathname).sort()).toEqual([
      '/changing/latest',
      `/openclaw/${NEW}`,
    ]);
    for (const all of [first, second]) {
      const asked = all.map(({ request }) => request);
      expect(asked).toEqual([...new Set(asked)]);
    }
  });

  test('nothing of a release that was here before, and asks nothing about a release that is here', async () => {
    const { world, taken } = await countedWorld();
    world.publish(OLD);
    await world.ok('stage', OLD);
    taken();
    await world.ok('stage', OLD);
    expect(taken()).toEqual([]);
    await world.ok('prune', '--keep', '0');
    expect(readdirSync(join(world.root, 'releases'))).toEqual([]);
    await world.ok('stage', OLD);
    const again = taken();
    expect(again.filter(({ status }) => status !== 304)).toEqual([]);
    expect(again.length).toBeGreaterThan(0);
  });

  test('only the rest of a release whose staging was killed, also of the Node that it brings', async () => {
    const { world, taken, archives } = await countedWorld();
    const names = ['first', 'second', 'third', 'last'];
    for (const name of names) world.registry.publish(plain(name, '1.0.0'));
    world.registry.publish(nodePackage('98.0.0'));
    const dependencies = Object.fromEntries(['tiny-dep', ...names].map((name) => [name, '^1.0.0']));
    world.publish(OLD, { dependencies, engines: '>=98' });
    world.registry.fault({ kind: 'slow', match: /last-1\.0\.0\.tgz$/, delayMs: 60_000 });
    const staging = world.begin(['stage', OLD]);
    const unpacked = (name: string) =>
      readdirSync(join(world.root, 'staging')).some((change) =>
        existsSync(join(world.root, 'staging', change, 'release/node_modules', name, 'package.json')),
      );
    await until(
      'all but one are in their places',
      () =>
        existsSync(join(world.root, 'staging')) &&
        ['openclaw', 'tiny-dep', 'first', 'second', 'third'].every(unpacked),
    );
    staging.kill('SIGKILL');
    await staging.ended;
    world.registry.clearFaults();
    const before = taken();
    expect(archives(before)).toContain(`node-${process.platform}-${process.arch}-98.0.0`);
    expect(await world.ok('stage', OLD)).toMatchObject({ to: OLD });
    const after = taken();
    expect(archives(after)).toEqual(['last-1.0.0']);
    expect((await world.ok('verify', OLD)).differences).toEqual([]);
    expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
  });
});
