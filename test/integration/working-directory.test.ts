import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { CLI, makeWorld, type World } from '../support/world.js';

const VERSION = '2026.6.1';

/** Stages a version in a directory, by a command line that begins with these words. */
async function stage(world: World, cwd: string, before: string[], cli: string): Promise<object> {
  world.publish(VERSION);
  const [file = '', ...args] = [...before, world.node, cli, 'stage', VERSION, '--json'];
  const { stdout, stderr } = await execa(file, args, {
    cwd,
    env: world.env,
    extendEnv: false,
    reject: false,
  });
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout);
}

test('every command works in a directory that was removed', async () => {
  const world = await makeWorld();
  const gone = join(world.path, 'gone');
  mkdirSync(gone);
  const answer = await stage(world, gone, ['sh', '-c', 'rmdir "$PWD" && exec "$0" "$@"'], CLI);
  expect(answer).toMatchObject({ ok: true, to: VERSION });
});
