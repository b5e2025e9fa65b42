import { execa } from 'execa';
import { expect, test } from 'vitest';
import { makeWorld, type World } from '../support/world.js';

const LIBRARY = new URL('../../dist/index.js', import.meta.url).href;

/** A program that uses the library in the world's environment and prints what its body returns. */
async function program(world: World, body: string): Promise<unknown> {
  const text = `import * as library from ${JSON.stringify(LIBRARY)};
    const { openRoot } = library;
    const plan = { limits: { settleMs: 100 } };
    console.log(JSON.stringify(await (async () => { ${body} })()));`;
  const { stdout } = await execa(world.node, ['--input-type=module', '-e', text], {
    env: world.env,
    extendEnv: false,
  });
  return JSON.parse(stdout);
}

test('a program updates, reads the status and rolls back with openRoot alone', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.5');
  await world.start('2026.6.1');
  const answer = await program(
    world,
    `const releases = openRoot();
     const update = await releases.update('2026.6.5', plan);
     const back = await releases.rollback(undefined, plan);
     const again = await releases.switch('2026.6.5', plan);
     const { current, previous } = await releases.status();
     const ids = (await releases.list()).releases.map(({ id }) => id);
     const kinds = releases.history().map(({ kind }) => kind);
     const { runs } = await releases.handle('releases.status');
     const { recovered, repaired } = await releases.recover();
     const statuses = [update.status, back.status, again.status];
     return { path: releases.path, statuses, current, previous, ids, kinds, runs, recovered, repaired };`,
  );
  const verified = 'package_updated_restart_verified';
  expect(answer).toMatchObject({
    path: world.root,
    statuses: [verified, verified, verified],
    current: '2026.6.5',
    previous: '2026.6.1',
    ids: ['2026.6.1', '2026.6.5'],
    runs: { version: '2026.6.5', release: '2026.6.5' },
    recovered: [],
    repaired: [],
  });
  expect((answer as { kinds: string[] }).kinds.slice(-3)).toEqual(['update', 'rollback', 'switch']);
});

test('a refusal is a ReleasesError with a code and the next command; nothing else is exported', async () => {
  const world = await makeWorld();
  const answer = await program(
    world,
    `const error = await openRoot().switch('2026.1.1', plan).catch((error) => error);
     const { code, hint } = error;
     return { code, hint, known: error instanceof library.ReleasesError, exported: Object.keys(library) };`,
  );
  expect(answer).toEqual({
    code: 'release_not_found',
    hint: expect.stringContaining('openclaw-releases'),
    known: true,
    exported: ['ReleasesError', 'openRoot'],
  });
});
