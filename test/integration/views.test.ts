import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Schema, validator } from '@exodus/schemasafe';
import { beforeAll, expect, test } from 'vitest';
import { handle } from '../../src/rpc/handle.js';
import { rootAt } from '../../src/store/root.js';
import { atEndOfAll } from '../support/at-end.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

interface Node {
  properties?: Record<string, Node>;
  [key: string]: unknown;
}

/** A schema that also refuses keys that it does not name. */
function closed(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const node = Object.fromEntries(Object.entries(schema).map(([key, inner]) => [key, closed(inner)])) as Node;
  return node.properties && node.type === 'object' ? { additionalProperties: false, ...node } : node;
}

function expectView(name: string, documents: unknown[]): void {
  const path = new URL(`../../layout/schemas/views/${name}.schema.json`, import.meta.url);
  const schema = closed(JSON.parse(readFileSync(path, 'utf8'))) as Schema;
  const check = validator(schema, { includeErrors: true, requireSchema: false, allowUnusedKeywords: true });
  expect(documents).not.toEqual([]);
  for (const document of documents) {
    expect(check(document as never) ? [] : check.errors, JSON.stringify(document)).toEqual([]);
    expect(check({ ...(document as object), other: 1 } as never)).toBe(false);
  }
}

const atEnd = atEndOfAll();
let world: World;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  for (const version of ['2026.6.1', '2026.6.2']) world.publish(version);
  world.publish('2026.6.3', { exitCode78: true });
  await world.start('2026.6.1');
  await world.ok('update', '2026.6.2', ...QUICK);
  await world.cli('update', '2026.6.3', ...QUICK);
  await world.ok('pin', '2026.6.1');
  await world.ok('hold', '--why', 'a test');
});

test('each release of list, and the one of show, is a release of the schema', async () => {
  const { releases } = await world.ok('list');
  expectView('release', releases);
  const { ok: _, ...shown } = await world.ok('show', 'current');
  expectView('release', [shown]);
});

test('each change of history is a change of the schema, verified, failed and rolled back', async () => {
  const { changes } = await world.ok('history');
  expect(new Set(changes.map(({ status }: { status: string }) => status)).size).toBeGreaterThan(1);
  expectView('change', changes);
});

test('status is a status of the schema, with a gateway, a hold, a trial and a corrupt file, and without', async () => {
  const status = async () => {
    const { ok: _, schema: __, ...document } = await world.ok('status');
    return document;
  };
  expectView('status', [await status()]);
  writeFileSync(join(world.root, 'timer-state.json'), '{');
  symlinkSync('2026.6.2', join(world.root, 'trial'));
  expectView('status', [await status()]);
});

test('each finding of doctor is a finding of the schema', async () => {
  const { json } = await world.cli('doctor');
  expectView('finding', json.findings);
});

test('a method of the gateway answers with the same documents', async () => {
  const environment = { root: rootAt(world.root) };
  const { releases } = (await handle(environment, 'releases.list')) as { releases: unknown[] };
  expectView('release', releases);
  const { changes } = (await handle(environment, 'releases.history')) as { changes: unknown[] };
  expectView('change', changes);
});
