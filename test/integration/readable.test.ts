import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkReads } from '../../src/change/readable/check.js';
import type { Reads } from '../../src/change/readable/rules.js';
import { readStateVersions } from '../../src/state/versions.js';
import type { Manifest } from '../../src/store/manifest.js';
import type { Root } from '../../src/store/root.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { canIsolate, layOutMiniature } from '../support/candidate.js';
import { sql } from '../support/database.js';
import { contentOf } from '../support/pair.js';
import { temporaryDirectory, temporaryRoot, writeTree } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { makeWorld } from '../support/world.js';

const node = await sqliteNode();
const isolated = await canIsolate();

/** A state with databases of these versions, as one of the gateways in miniature has left it. */
function makeState({ state, agent }: { state?: number; agent?: number }): string {
  const directory = writeTree(temporaryDirectory('state'), {
    'openclaw.json': JSON.stringify({ gateway: { port: 19_556 } }),
    'agents/main/sessions/a.jsonl': '{"by":"before","text":"hello"}\n',
  });
  const make = (path: string, version: number | undefined, table: string) => {
    if (version === undefined) return;
    mkdirSync(join(directory, path, '..'), { recursive: true });
    sql(node, join(directory, path), table, `PRAGMA user_version = ${version}`, 'SELECT 1');
  };
  make('state/openclaw.sqlite', state, 'CREATE TABLE device (id TEXT)');
  make('agents/main/agent/openclaw-agent.sqlite', agent, 'CREATE TABLE said (by TEXT, text TEXT)');
  return directory;
}

function layOut(root: Root, version: string, behaviour: Behaviour): Manifest {
  const release = join(root.releases, version);
  layOutMiniature(release, version, behaviour);
  symlinkSync(node, join(release, 'node'));
  return {
    ...{ schema: 1, id: version, version, spec: version, integrity: '', signature: 'absent', engines: null },
    ...{ schemas: behaviour.schemaVersions ?? null, main: 'node_modules/openclaw/openclaw.mjs' },
    ...{ runtime: { kind: 'host', version: '', path: node }, lockfileDigest: '', treeDigest: '', files: 0 },
    ...{ bytes: 0, packages: 1, skippedScripts: [], sealedAt: '' },
  };
}

/** Checks one release on one state, and that nothing but the answer comes of it. */
async function check(directory: string, behaviour: Behaviour, version = '2026.9.2'): Promise<Reads> {
  const root = temporaryRoot();
  const place = { directory, config: null };
  const release = layOut(root, version, behaviour);
  const before = contentOf(directory);
  const today = await readStateVersions(place, node);
  const launch = { args: [], env: { HOME: directory, OPENCLAW_STATE_DIR: directory } };
  const found = await checkReads({ root, place, today, launch, node }, release);
  expect(contentOf(directory)).toEqual(before);
  expect(readdirSync(root.staging)).toEqual([]);
  return found;
}

/** A release that declares what it reads and writes, and does so. */
const declared = (state: number, agent: number, more: Behaviour = {}): Behaviour => ({
  schemaVersions: { state, agent },
  migratesTo: { state, agent },
  ...more,
});

describe('a release that never ran on a state', () => {
  it('reads databases of just the versions that it has, by its own word, without being started', async () => {
    const found = await check(makeState({ state: 15, agent: 19 }), declared(15, 19, { crashAtStart: true }));
    expect(found).toMatchObject({ reads: 'yes', why: 'it says so of a copy of each database' });
  });

  it('does not read a newer database, and says which', async () => {
    expect(await check(makeState({ state: 18, agent: 19 }), declared(15, 19))).toEqual({
      reads: 'no',
      why: 'state/openclaw.sqlite has version 18, and it knows 15',
      databases: true,
    });
  });

  it.each([true, false])(
    'does not read a newer database of an agent (can be asked: %s)',
    async (preflightAgent) => {
      expect(await check(makeState({ state: 15, agent: 23 }), declared(15, 19, { preflightAgent }))).toEqual({
        reads: 'no',
        why: 'agents/main/agent/openclaw-agent.sqlite has version 23, and it knows 19',
        databases: true,
      });
    },
  );

  describe.runIf(isolated)('that it would migrate, or that has no such database', () => {
    it.each([{ state: 15, agent: 19 }, {}])('reads it when it starts on a copy: %o', async (versions) => {
      const found = await check(makeState(versions), declared(18, 23));
      expect(found).toEqual({ reads: 'yes', why: 'it starts on a copy of it' });
    });

    it('does not read it when it ends there, with its last words as the reason', async () => {
      const found = await check(
        makeState({ state: 15, agent: 19 }),
        declared(18, 23, { crashMidMigration: true }),
      );
      expect(found).toMatchObject({
        reads: 'no',
        why: expect.stringContaining('it does not start on a copy'),
      });
    });

    it('is not believed, though it starts, when it declares nothing', async () => {
      const found = await check(makeState({ state: 15, agent: 19 }), {}, '2026.6.1');
      expect(found).toMatchObject({ reads: 'unknown', why: expect.stringContaining('may not see') });
    });

    it('is started where a newer release has written the configuration', async () => {
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
});

describe.runIf(isolated)('list', () => {
  it('says which release reads the state: by rule, and once it was tried, for as long as that is true', async () => {
    const world = await makeWorld();
    world.publish('2026.5.28', { exitCode78: true, schemaVersions: { state: 1, agent: 1 } });
    world.publish('2026.6.1');
    world.publish('2026.6.5', { schemaVersions: { state: 1, agent: 1 } });
    await world.start('2026.6.1');
    await world.ok('stage', '2026.5.28');
    await world.ok('stage', '2026.6.5');
    const reads = async (...args: string[]) => {
      const { releases } = await world.ok('list', ...args);
      return releases.map((release: { reads: string }) => release.reads);
    };
    expect(await reads()).toEqual(['unknown', 'yes', 'unknown']);
    expect(await reads('--check')).toEqual(['no', 'yes', 'yes']);
    expect(await reads()).toEqual(['no', 'yes', 'yes']);
    const shown = await world.ok('show', '2026.5.28');
    expect(shown).toMatchObject({
      reads: 'no',
      readsWhy: expect.stringContaining('does not start on a copy'),
    });
    // What it was tried on is another state from now on.
    const config = join(world.env.OPENCLAW_STATE_DIR ?? '', 'openclaw.json');
    const document = {
      ...JSON.parse(readFileSync(config, 'utf8')),
      meta: { lastTouchedVersion: '2026.6.1' },
    };
    writeTree(join(config, '..'), { 'openclaw.json': JSON.stringify(document) });
    expect(await reads()).toEqual(['unknown', 'yes', 'unknown']);
  });
});
