import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { smallFilesystem } from '../support/filesystem.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { exchangeFiles, memoryOf, say, wholeState, writeOldState } from '../support/state.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

const OLD = '2026.6.1';
const NEW = '2026.9.6';

async function makeHost(options: { stateIn?: (path: string) => string } = {}): Promise<World> {
  const world = await makeWorld(undefined, { node: await sqliteNode(), ...options });
  for (const version of [OLD, NEW])
    world.publish(version, version === OLD ? {} : { migratesTo: { state: 15, agent: 19 }, neverReady: true });
  await writeOldState(world);
  return world;
}

/** Makes all of a host the lower layer of an overlay, as a container finds its image. */
function asImage({ path }: World): void {
  const disk = smallFilesystem(2048);
  const [lower, upper, work] = [`${path}.lower`, join(disk, 'upper'), join(disk, 'work')];
  renameSync(path, lower);
  for (const directory of [path, upper, work]) mkdirSync(directory);
  const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  execFileSync('mount', ['-t', 'overlay', 'none', '-o', layers, path]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', path]);
    execFileSync('rm', ['-r', lower]);
  });
}

test.each<[string, () => Promise<World>]>([
  [
    'whose root and state come with the image of a container',
    async () => {
      const world = await makeHost();
      await world.ok('stage', OLD);
      await world.ok('switch', OLD, '--no-restart');
      asImage(world);
      await world.supervise('--stop-timeout', '2');
      return world;
    },
  ],
  [
    'whose state is a volume of its own',
    async () => {
      const world = await makeHost({ stateIn: () => join(smallFilesystem(32), 'state') });
      await world.start(OLD, '--stop-timeout', '2');
      return world;
    },
  ],
])(
  'a release that migrates the state and is never ready is rolled back with its state on a host %s',
  async (_, host) => {
    const world = await host();
    await say(world, 'before');
    const before = { state: await wholeState(world), memory: await memoryOf(world) };
    const { json: plan } = await world.cli('update', NEW, '--dry-run');
    expect(JSON.stringify(plan)).toMatch(/a restore would copy [\d.]+ [KM]iB twice/);
    const { exitCode, json } = await world.cli('update', NEW, ...QUICK);
    expect(json).toMatchObject({
      status: 'rolled_back',
      undoError: null,
      stateRestored: { restored: true, aside: expect.stringContaining(NEW) },
    });
    expect(exitCode).toBe(5);
    expect(await world.version()).toBe(OLD);
    expect({ state: await wholeState(world), memory: await memoryOf(world) }).toEqual(before);
    expect(exchangeFiles(world)).toEqual([]);
  },
);

test('an update is refused, in its dry run too, before anything is downloaded, where a file cannot be replaced', async () => {
  const world = await makeHost();
  await world.start(OLD, '--stop-timeout', '2');
  const file = join(world.env.OPENCLAW_STATE_DIR ?? '', 'identity/device.json');
  execFileSync('chattr', ['+a', file]);
  onTestFinished(() => void execFileSync('chattr', ['-a', file]));
  for (const more of [['--dry-run'], QUICK]) {
    const { exitCode, json } = await world.cli('update', NEW, ...more);
    expect(json).toMatchObject({
      error: {
        code: 'snapshot_refused',
        message: expect.stringMatching(/device\.json" can be written but not replaced/),
      },
    });
    expect(exitCode).toBe(3);
  }
  expect(await world.version()).toBe(OLD);
});
