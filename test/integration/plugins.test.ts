import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installPlugin, PLUGIN } from '../support/plugin.js';
import { makeWorld, QUICK } from '../support/world.js';

test('an update updates a plugin and its link too, with one more start of the gateway', async () => {
  const world = await makeWorld();
  const state = world.env.OPENCLAW_STATE_DIR ?? '';
  const release = (version: string) => join(world.root, 'releases', version);
  world.publish('2026.6.1');
  world.publish('2026.6.2', { plugins: { to: { chat: '2.0.0' } } });
  installPlugin(state, '1.0.0', release('2026.6.1'));
  await world.start('2026.6.1');

  const { steps, warnings } = await world.ok('update', '2026.6.2', ...QUICK);
  expect(warnings).toEqual([]);
  expect(steps).toContainEqual(
    expect.objectContaining({ name: 'plugins', state: 'done', note: 'chat 1.0.0 -> 2.0.0' }),
  );
  expect(JSON.parse(readFileSync(join(state, PLUGIN, 'package.json'), 'utf8')).version).toBe('2.0.0');
  expect(readlinkSync(join(state, PLUGIN, 'node_modules/openclaw'))).toBe(
    join(release('2026.6.2'), 'node_modules/openclaw'),
  );
  const starts = readFileSync(join(state, 'starts.jsonl'), 'utf8').trim().split('\n');
  expect(starts.map((line) => JSON.parse(line).version)).toEqual(['2026.6.1', '2026.6.2', '2026.6.2']);
});
