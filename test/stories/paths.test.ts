import { existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeWorld, QUICK } from '../support/world.js';

const NAME = 'with blanks, ünï côde and "quotes"';

test('behind a link to a directory with blanks, ünï côde and quotes a release is staged, started, updated and rolled back', {
  timeout: 120_000,
}, async () => {
  // Everything of this world lies behind the link.
  const world = await makeWorld(undefined, {
    rootIn(path) {
      for (const place of ['home', 'tmp', 'npm-cache'])
        mkdirSync(join(path, 'disk', NAME, place), { recursive: true });
      symlinkSync(join('disk', NAME), join(path, 'linked'));
      return join(path, 'linked/r');
    },
    stateIn: (path) => join(path, 'linked/state'),
    env: {},
  });
  Object.assign(world.env, {
    HOME: join(world.path, 'linked/home'),
    TMPDIR: join(world.path, 'linked/tmp'),
    npm_config_cache: join(world.path, 'linked/npm-cache'),
  });
  world.publish('2026.6.1');
  world.publish('2026.6.5');
  await world.start('2026.6.1');
  const real = join(realpathSync(world.path), 'disk', NAME, 'r');
  expect(await world.ok('status')).toMatchObject({ root: real, gateway: { release: '2026.6.1' } });
  await world.ok('update', '2026.6.5', ...QUICK);
  expect(await world.version()).toBe('2026.6.5');
  // The same root by its real path, and by one with `..` in it.
  expect(await world.ok('rollback', '--root', real, ...QUICK)).toMatchObject({ ok: true });
  expect(await world.version()).toBe('2026.6.1');
  const detour = `${world.path}/linked/../${NAME}/r/`;
  expect(await world.ok('list', '--root', detour)).toMatchObject({
    releases: [{ path: join(real, 'releases/2026.6.1') }, { path: join(real, 'releases/2026.6.5') }],
  });
  expect(await world.ok('verify', '--root', detour)).toMatchObject({ ok: true, release: '2026.6.1' });
});

test('a root whose name has a newline is refused, and nothing is made', async () => {
  const world = await makeWorld(undefined, { seeded: false });
  world.publish('2026.6.1');
  const { exitCode, json } = await world.cli('stage', '2026.6.1', '--root', join(world.path, 'a\nb'));
  expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: 'root_invalid' });
  expect(readdirSync(world.path).filter((name) => name.startsWith('a'))).toEqual([]);
  expect(existsSync(world.root)).toBe(false);
});
