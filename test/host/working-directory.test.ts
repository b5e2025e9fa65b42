import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { ORDINARY, ordinaryUser } from '../support/ordinary-user.js';
import { writeTree } from '../support/place.js';
import { makeWorld, type World } from '../support/world.js';

const VERSION = '2026.6.1';

/** Stages a version by a command line that begins with these words, in a directory. */
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

test('staging works in a directory that is closed to this user, as sudo leaves it', async () => {
  const world = await makeWorld();
  const closed = writeTree(join(world.path, 'closed'), { some: '' });
  chmodSync(closed, 0o700);
  chmodSync(world.path, 0o755);
  for (const path of [world.env.HOME, world.env.TMPDIR]) chownSync(path ?? '', ORDINARY, ORDINARY);
  const { command, checkout } = ordinaryUser();
  const root = writeTree(join(world.path, 'of others'), { '.keep': '' });
  chownSync(root, ORDINARY, ORDINARY);
  const theirs = {
    ...world,
    env: { ...world.env, npm_config_cache: join(root, 'npm'), OPENCLAW_RELEASES_ROOT: join(root, 'root') },
  };
  const answer = await stage(theirs, closed, command, join(checkout, 'dist/cli/main.cjs'));
  expect(answer).toMatchObject({ ok: true, to: VERSION });
});
