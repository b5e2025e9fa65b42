import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasOwnPlugin } from '../../../src/openclaw/own-plugin.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

const index = (id: string) =>
  JSON.stringify({ generatedAtMs: 1, installRecords: { [id]: { source: 'path' } } });

test.each<[string, Record<string, string>, boolean]>([
  ['a state without a file', {}, false],
  ['a configuration without plugins', { 'openclaw.json': '{}' }, false],
  ['other plugins', { 'openclaw.json': '{ plugins: { entries: { chat: {} } } }' }, false],
  ['another path', { 'openclaw.json': '{ plugins: { load: { paths: ["/opt/chat"] } } }' }, false],
  [
    'an entry',
    { 'openclaw.json': '{ plugins: { entries: { "openclaw-releases": { enabled: false } } } }' },
    true,
  ],
  ['an install', { 'openclaw.json': '{ plugins: { installs: { "openclaw-releases": {} } } }' }, true],
  [
    'an entry of an included file',
    {
      'openclaw.json': '{ plugins: { $include: "./plugins.json" } }',
      'plugins.json': '{ entries: { "openclaw-releases": {} } }',
    },
    true,
  ],
  ['a linked plugin in the list alone', { 'plugins/installs.json': index('openclaw-releases') }, true],
  ['another one in the list', { 'plugins/installs.json': index('chat') }, false],
  ['a folder', { 'extensions/ours/openclaw.plugin.json': '{ "id": "openclaw-releases" }' }, true],
])('%s: %j names our plugin: %s', async (_, files, expected) => {
  const state = temporaryDirectory('state');
  writeTree(state, files);
  const launch = { args: [], env: { OPENCLAW_STATE_DIR: state } };
  expect(await hasOwnPlugin(launch, join(state, 'root/plugin'), process.execPath)).toBe(expected);
});
