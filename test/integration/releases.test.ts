import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openclawPackage } from '../registry/gateway-package.js';
import { atEndOfAll } from '../support/at-end.js';
import { makeWorld, QUICK, typed, type World } from '../support/world.js';

const [FIRST, SECOND, BAD, OTHER] = ['2026.6.1', '2026.6.2', '2026.6.3', '2026.6.4'];

const CHANGELOG = `# Changelog

## Unreleased

- not yet

## ${SECOND}

- a second thing

## ${FIRST}

- a first thing
`;

const atEnd = atEndOfAll();
let world: World;

/** SECOND runs, FIRST is previous, BAD was rolled back and is in quarantine, OTHER is only staged. */
beforeAll(async () => {
  world = await makeWorld(atEnd);
  world.publish(FIRST, { schemaVersions: { state: 1, agent: 1 } });
  const second = openclawPackage(SECOND, { schemaVersions: { state: 2, agent: 1 }, dependencies: {} });
  second.files['CHANGELOG.md'] = CHANGELOG;
  world.registry.publish(second);
  world.publish(BAD, { exitCode78: true });
  world.publish(OTHER);
  await world.start(FIRST);
  await world.ok('update', SECOND, ...QUICK);
  await world.cli('update', BAD, ...QUICK);
  await world.ok('stage', OTHER);
});

test('diff tells packages, databases, Node, bytes and the lines of the CHANGELOG between two releases', async () => {
  const found = await world.ok('diff', 'previous');
  expect(found).toMatchObject({
    releases: { from: FIRST, to: SECOND },
    schemas: { from: { state: 1, agent: 1 }, to: { state: 2, agent: 1 } },
    packages: {
      added: [],
      removed: [{ path: 'tiny-dep', to: null }],
      changed: [{ path: 'openclaw', from: FIRST, to: SECOND }],
      same: 0,
    },
    newScripts: [],
    changelog: `## ${SECOND}\n\n- a second thing`,
  });
  expect((await world.ok('diff', SECOND, FIRST)).changelog).toBe(found.changelog);
  expect((await world.cli('diff', SECOND, '2026.1.1')).json.error.code).toBe('release_not_found');
});

test('why tells from records what keeps a release, and why one was rolled back and is avoided', async () => {
  expect(await world.ok('why', 'current')).toMatchObject({ staged: true, kept: 'current', quarantine: null });
  const bad = await world.ok('why', BAD);
  expect(bad.quarantine.cause).toMatchObject({ code: 'gateway_crashed' });
  expect(bad.changes.at(-1)).toMatchObject({ status: 'rolled_back', to: BAD });
  expect((await world.cli('why', '2026.1.1')).json.error.code).toBe('release_not_found');
});

test('remove refuses a release that something needs, in the words of prune', async () => {
  for (const [name, why, hint] of [
    [SECOND, 'current', 'rollback'],
    [FIRST, 'previous', `why ${FIRST}`],
  ] as const) {
    const { exitCode, json } = await world.cli('remove', name);
    expect(exitCode).toBe(3);
    expect(json.error).toMatchObject({ code: 'release_needed', message: `${name} is needed: ${why}.` });
    expect(json.error.hint).toContain(hint);
  }
  await world.ok('pin', OTHER);
  expect((await world.cli('remove', OTHER)).json.error.hint).toBe(typed(world, `unpin ${OTHER}`));
  await world.ok('unpin', OTHER);
});

test('remove takes one release and no other', async () => {
  const at = (id: string) => existsSync(join(world.root, 'releases', id));
  expect(await world.ok('remove', OTHER, '--dry-run')).toMatchObject({
    dryRun: true,
    remove: [{ id: OTHER }],
  });
  expect(at(OTHER)).toBe(true);
  await world.ok('remove', OTHER);
  expect([FIRST, SECOND, BAD, OTHER].map(at)).toEqual([true, true, true, false]);
  expect(await world.version()).toBe(SECOND);
  expect((await world.cli('remove', OTHER)).json.error.code).toBe('release_not_found');
});

test('ls, upgrade and revert are list, update and rollback', async () => {
  expect((await world.ok('ls')).releases).toEqual((await world.ok('list')).releases);
  expect((await world.ok('upgrade', SECOND, '--dry-run')).dryRun).toBe(true);
  expect(await world.ok('revert', '--dry-run')).toMatchObject({ dryRun: true, to: FIRST });
});
