import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { executableOf } from '../../src/host/process.js';
import { nodePackage } from '../support/network.js';
import { removeDirectory } from '../support/place.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

const HERE = process.versions.node;

/** Places where people look for what is wrong, and what each says. */
async function named(world: World, fault: unknown) {
  const [list, status, doctor, verify] = await Promise.all(
    ['list', 'status', 'doctor', 'verify'].map((command) => world.cli(command)),
  );
  const release = { id: '2026.6.1', fault };
  expect(list?.json.releases).toMatchObject([release]);
  expect(status?.json.faults).toMatchObject(fault === null ? [] : [{ release: '2026.6.1', why: fault }]);
  const findings = doctor?.json.findings.filter(({ code }: { code: string }) => code === 'node_damaged');
  expect(findings).toHaveLength(fault === null ? 0 : 1);
  expect(verify).toMatchObject({ exitCode: fault === null ? 0 : 7, json: { ok: fault === null, fault } });
}

test('hosts-4 a release starts after the Node that staged it was removed', { timeout: 120_000 }, async () => {
  const world = await makeWorld(undefined, { seeded: false });
  const managed = join(world.path, 'nvm/versions/node/vA/bin/node');
  mkdirSync(join(managed, '..'), { recursive: true });
  copyFileSync(process.execPath, managed);
  world.publish('2026.6.1');
  world.node = managed;
  await world.begin(['stage', '2026.6.1']).ended;
  await world.ok('switch', '2026.6.1', '--no-restart');
  expect(readlinkSync(join(world.root, 'releases/2026.6.1/node'))).toBe(
    `../../runtimes/node-${HERE}/bin/node`,
  );
  rmSync(join(world.path, 'nvm'), { recursive: true });
  world.node = process.execPath;
  await world.supervise();
  expect(await world.version()).toBe('2026.6.1');
  await named(world, null);
  const { gateway } = await world.ok('status');
  expect(executableOf(gateway.pid)).toBe(join(world.root, `runtimes/node-${HERE}/bin/node`));

  // The runtime itself is lost: it is named everywhere, and the next change or recovery gets another one.
  removeDirectory(join(world.root, `runtimes/node-${HERE}`));
  await named(world, `Node ${HERE} is missing`);
  expect(await world.ok('recover')).toMatchObject({
    repaired: [{ path: join(world.root, 'releases/2026.6.1/node'), instead: expect.stringContaining(HERE) }],
  });
  await named(world, null);
  expect(await world.ok('recover')).toMatchObject({ repaired: [] });
});

test('an update repairs the Node of the release that it may return to', { timeout: 120_000 }, async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.5', { crashAtStart: true });
  await world.start('2026.6.1');
  const node = join(world.root, `runtimes/node-${HERE}/bin/node`);
  rmSync(node);
  writeFileSync(node, 'damaged', { mode: 0o755 });
  const { json } = await world.cli('update', '2026.6.5', ...QUICK);
  expect(json).toMatchObject({ status: 'rolled_back', warnings: [expect.stringContaining('other bytes')] });
  expect(await world.version()).toBe('2026.6.1');
  expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toBe(`v${HERE}\n`);
});

test('without another Node a release stays named, and nothing starts it', { timeout: 120_000 }, async () => {
  const world = await makeWorld();
  world.publish('2026.6.1', { engines: '>=98' });
  world.registry.publish(nodePackage('98.0.0'));
  await world.ok('stage', '2026.6.1');
  removeDirectory(join(world.root, 'runtimes/node-98.0.0'));
  await world.registry.close();
  rmSync(join(world.path, 'npm-cache'), { recursive: true });
  const { repaired } = await world.ok('recover');
  expect(repaired).toMatchObject([{ instead: expect.stringMatching(/^Nothing: .*did not answer/) }]);
  expect((await world.ok('list')).releases).toMatchObject([{ fault: 'Node 98.0.0 is missing' }]);
  const refused = await world.cli('switch', '2026.6.1', '--no-restart');
  expect(refused).toMatchObject({ exitCode: 3, json: { error: { code: 'node_unavailable' } } });
});
