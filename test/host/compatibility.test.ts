import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeTree } from '../support/place.js';
import { check, declared, makeState } from '../support/readable.js';
import { makeWorld } from '../support/world.js';

describe('a release that would migrate the state, or that has no such database', () => {
  test.each([{ state: 15, agent: 19 }, {}])(
    'is compatible when it starts on a copy: %o',
    async (versions) => {
      const found = await check(makeState(versions), declared(18, 23));
      expect(found).toEqual({ reads: 'yes', why: 'it starts on a copy of it' });
    },
  );

  test('is not compatible when it ends there, with its last words as the reason', async () => {
    const found = await check(
      makeState({ state: 15, agent: 19 }),
      declared(18, 23, { crashMidMigration: true }),
    );
    expect(found).toMatchObject({
      reads: 'no',
      why: expect.stringContaining('it does not start on a copy'),
    });
  });

  test('is not believed when it declares nothing, though it starts', async () => {
    const found = await check(makeState({ state: 15, agent: 19 }), {}, '2026.6.1');
    expect(found).toMatchObject({ reads: 'unknown', why: expect.stringContaining('may not see') });
  });

  test('is started where a newer release has written the configuration', async () => {
    const directory = makeState({ state: 15, agent: 19 });
    const config = { meta: { lastTouchedVersion: '2026.9.6' }, gateway: { port: 19_557 } };
    writeTree(directory, { 'openclaw.json': JSON.stringify(config) });
    const found = await check(directory, declared(15, 19, { exitCode78: true }));
    expect(found).toMatchObject({
      reads: 'no',
      why: expect.stringContaining('written by a newer version'),
    });
  });
});

describe('list', () => {
  test('says which release is compatible: by rule, and once it was tried, for as long as that is true', async () => {
    const world = await makeWorld();
    world.publish('2026.5.28', { exitCode78: true, schemaVersions: { state: 1, agent: 1 } });
    world.publish('2026.6.1');
    world.publish('2026.6.5', { schemaVersions: { state: 1, agent: 1 } });
    await world.start('2026.6.1');
    await world.ok('stage', '2026.5.28');
    await world.ok('stage', '2026.6.5');
    const reads = async (...args: string[]) => {
      const { releases } = await world.ok('list', ...args);
      return releases.map((release: { stateCompatibility: string }) => release.stateCompatibility);
    };
    expect(await reads()).toEqual(['unknown', 'yes', 'unknown']);
    expect(await reads('--check')).toEqual(['no', 'yes', 'yes']);
    expect(await reads()).toEqual(['no', 'yes', 'yes']);
    const shown = await world.ok('show', '2026.5.28');
    expect(shown).toMatchObject({
      stateCompatibility: 'no',
      stateReason: expect.stringContaining('does not start on a copy'),
    });
    // The state that it was tried on is another one from now on.
    const config = join(world.env.OPENCLAW_STATE_DIR ?? '', 'openclaw.json');
    const document = {
      ...JSON.parse(readFileSync(config, 'utf8')),
      meta: { lastTouchedVersion: '2026.6.1' },
    };
    writeTree(join(config, '..'), { 'openclaw.json': JSON.stringify(document) });
    expect(await reads()).toEqual(['unknown', 'yes', 'unknown']);
  });
});
