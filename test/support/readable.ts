import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { checkReads } from '../../src/rollback/compatibility/boot-check.js';
import type { Reads } from '../../src/rollback/compatibility/rules.js';
import { readStateVersions } from '../../src/state/versions.js';
import type { Manifest } from '../../src/store/manifest.js';
import type { Root } from '../../src/store/root.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { layOutMiniature } from './candidate.js';
import { sql } from './database.js';
import { contentOf } from './pair.js';
import { temporaryDirectory, temporaryRoot, writeTree } from './place.js';
import { sqliteNode } from './sqlite-node.js';

const node = await sqliteNode();

/** A state with databases of these versions, as one of the gateways in miniature has left it. */
export function makeState({ state, agent }: { state?: number; agent?: number }): string {
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
export async function check(directory: string, behaviour: Behaviour, version = '2026.9.2'): Promise<Reads> {
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

/** A release that declares what it reads and writes, and keeps to it. */
export const declared = (state: number, agent: number, more: Behaviour = {}): Behaviour => ({
  schemaVersions: { state, agent },
  migratesTo: { state, agent },
  ...more,
});
