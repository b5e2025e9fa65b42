import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linksElsewhere, releasesLinkedByPlugins } from '../../../src/openclaw/plugin-links.js';
import { isKept, keepPluginSet, putBackPluginSet } from '../../../src/openclaw/plugin-set.js';
import { listPlugins } from '../../../src/openclaw/plugins.js';
import { sql } from '../../support/database.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';
import { installPlugin, PLUGIN } from '../../support/plugin.js';
import { sqliteNode } from '../../support/sqlite-node.js';

const DATABASE = 'state/openclaw.sqlite';
const TABLE = `CREATE TABLE IF NOT EXISTS installed_plugin_index (
  index_key TEXT NOT NULL PRIMARY KEY, generated_at_ms INTEGER NOT NULL,
  install_records_json TEXT NOT NULL, plugins_json TEXT NOT NULL)`;
const STATES = `CREATE TABLE IF NOT EXISTS config_machine_state (
  state_key TEXT NOT NULL PRIMARY KEY, value_json TEXT NOT NULL, updated_at_ms INTEGER NOT NULL) STRICT`;

/** A state directory, with the Node that its databases need. */
async function emptyState(): Promise<{ state: string; config: string; node: string }> {
  const state = temporaryDirectory('plugins');
  mkdirSync(join(state, 'state'));
  return { state, config: join(state, 'openclaw.json'), node: await sqliteNode() };
}

function recordOf(state: string, version: string, source = 'npm'): string {
  return JSON.stringify({ chat: { source, spec: '@acme/chat', installPath: join(state, PLUGIN), version } });
}

/** Writes the index as OpenClaw of June 2026 does. */
function writeTable(node: string, state: string, version: string, at: number, plugins = '[]'): void {
  const values = `'installed-plugin-index', ${at}, '${recordOf(state, version, 'table')}', '${plugins}'`;
  sql(node, join(state, DATABASE), TABLE, `INSERT OR REPLACE INTO installed_plugin_index VALUES (${values})`);
}

/** Writes the index as OpenClaw of September 2026 does, beside an unrelated row. */
function writeRow(node: string, state: string, version: string, at: number): void {
  const index = { generatedAtMs: at, installRecords: JSON.parse(recordOf(state, version, 'row')) };
  const value = JSON.stringify({ revision: at, index });
  sql(
    node,
    join(state, DATABASE),
    STATES,
    `INSERT OR REPLACE INTO config_machine_state VALUES ('plugins.installedIndex', '${value}', ${at})`,
    `INSERT OR REPLACE INTO config_machine_state VALUES ('other', '${at}', ${at})`,
  );
}

const rowOf = (node: string, state: string, key: string) =>
  sql(node, join(state, DATABASE), `SELECT * FROM config_machine_state WHERE state_key = '${key}'`);

describe('the list of installed plugins', () => {
  test('is empty for a state without plugins, even with a damaged database or without a Node', async () => {
    const state = temporaryDirectory('plugins');
    writeTree(state, { [DATABASE]: 'no database', 'npm/package.json': '{}' });
    expect(await listPlugins({ state, config: '', node: '/nowhere/node' }, null)).toEqual([]);
  });

  test('comes from the index of the release that wrote last', async () => {
    const { state, config, node } = await emptyState();
    const place = { state, config, node };
    installPlugin(state, '1.0.0', '/releases/1');
    const chat = { id: 'chat', version: '1.0.0', enabled: true, problem: null };
    expect(await listPlugins(place, null)).toEqual([{ ...chat, source: 'npm @acme/chat' }]);
    writeTable(node, state, '1.0.0', 2);
    expect(await listPlugins(place, null)).toEqual([{ ...chat, source: 'table @acme/chat' }]);
    writeRow(node, state, '1.0.0', 3);
    expect(await listPlugins(place, null)).toEqual([{ ...chat, source: 'row @acme/chat' }]);
    writeTable(node, state, '1.0.0', 4);
    expect(await listPlugins(place, null)).toEqual([{ ...chat, source: 'table @acme/chat' }]);
  });

  test('has the version of the package, not the recorded one', async () => {
    const { state, config, node } = await emptyState();
    installPlugin(state, '1.0.0', '/releases/1');
    writeTree(state, { [`${PLUGIN}/package.json`]: JSON.stringify({ version: '1.0.1' }) });
    expect(await listPlugins({ state, config, node }, null)).toMatchObject([{ version: '1.0.1' }]);
  });

  test('reports that a plugin is turned off', async () => {
    const { state, config, node } = await emptyState();
    installPlugin(state, '1.0.0', '/releases/1');
    writeTable(node, state, '1.0.0', 2, JSON.stringify([{ pluginId: 'chat', enabled: false }]));
    expect(await listPlugins({ state, config, node }, null)).toMatchObject([{ enabled: false }]);
  });

  test('has a plugin without a record, found by its files', async () => {
    const { state, config, node } = await emptyState();
    installPlugin(state, '1.0.0', '/releases/1');
    rmSync(join(state, 'plugins'), { recursive: true });
    writeTree(state, { 'extensions/notes/openclaw.plugin.json': JSON.stringify({ id: 'notes' }) });
    expect(await listPlugins({ state, config, node }, null)).toEqual([
      { id: 'chat', version: '1.0.0', source: 'files', enabled: true, problem: null },
      { id: 'notes', version: null, source: 'files', enabled: true, problem: null },
    ]);
  });

  test('reports a plugin that needs a newer release, and one whose files are gone', async () => {
    const { state, config, node } = await emptyState();
    const place = { state, config, node };
    installPlugin(state, '1.0.0', '/releases/1');
    const about = { version: '1.0.0', openclaw: { compat: { pluginApi: '>=2026.6.1' } } };
    writeTree(state, { [`${PLUGIN}/package.json`]: JSON.stringify(about) });
    expect(await listPlugins(place, '2026.6.1')).toMatchObject([{ problem: null }]);
    expect(await listPlugins(place, '2026.5.28')).toMatchObject([
      { problem: 'It needs OpenClaw 2026.6.1 or newer.' },
    ]);
    rmSync(join(state, PLUGIN), { recursive: true });
    expect(await listPlugins(place, '2026.6.1')).toMatchObject([
      { problem: `Its files are not at ${join(state, PLUGIN)}.` },
    ]);
  });
});

describe("a plugin's link to OpenClaw's own package", () => {
  test('names the release that must not be removed, present or not', async () => {
    const { state } = await emptyState();
    const releases = temporaryDirectory('releases');
    installPlugin(state, '1.0.0', join(releases, '2026.6.1'));
    writeTree(state, { 'extensions/notes/node_modules/openclaw': '-> /elsewhere/node_modules/openclaw' });
    expect([...releasesLinkedByPlugins(state, releases)]).toEqual([['2026.6.1', '@acme/chat']]);
  });

  test('is reported when it leads to another release', async () => {
    const { state } = await emptyState();
    const releases = temporaryDirectory('releases');
    for (const id of ['1', '2']) {
      writeTree(join(releases, id), {
        'node_modules/openclaw/openclaw.mjs': '',
        main: '-> node_modules/openclaw/openclaw.mjs',
      });
    }
    installPlugin(state, '1.0.0', join(releases, '1'));
    expect(linksElsewhere(state, join(releases, '1/main'))).toEqual([]);
    expect(linksElsewhere(state, join(releases, '2/main'))).toMatchObject([{ plugin: '@acme/chat' }]);
    rmSync(join(releases, '1'), { recursive: true });
    expect(linksElsewhere(state, join(releases, '2/main'))).toHaveLength(1);
  });
});

describe('a kept set of plugins', () => {
  test('is restored whole: files, links, index and configuration, and nothing else of the state', async () => {
    const { state, config, node } = await emptyState();
    const place = { state, config, node };
    installPlugin(state, '1.0.0', '/releases/1');
    writeRow(node, state, '1.0.0', 1);
    writeFileSync(config, '{"plugins":1}', { mode: 0o600 });
    const before = rowOf(node, state, 'plugins.installedIndex');
    const kept = join(temporaryDirectory('kept'), 'plugins');
    await keepPluginSet(place, kept);
    expect(isKept(kept)).toBe(true);

    installPluginAnew(state);
    writeRow(node, state, '2.0.0', 2);
    writeFileSync(config, '{"plugins":2}');
    expect(await putBackPluginSet(place, kept)).toEqual([]);

    expect(await listPlugins(place, null)).toMatchObject([{ version: '1.0.0' }]);
    expect(readlinkSync(join(state, PLUGIN, 'node_modules/openclaw'))).toBe(
      '/releases/1/node_modules/openclaw',
    );
    expect(rowOf(node, state, 'plugins.installedIndex')).toEqual(before);
    expect(rowOf(node, state, 'other')).toMatchObject({ value_json: '2' });
    expect(readFileSync(config, 'utf8')).toBe('{"plugins":1}');
    expect(existsSync(join(state, 'extensions'))).toBe(false);
    expect(readdirSync(state).sort()).toEqual(['npm', 'openclaw.json', 'plugins', 'state']);
  });

  test('is restored again after an interrupted restore', async () => {
    const { state, config, node } = await emptyState();
    const place = { state, config, node };
    installPlugin(state, '1.0.0', '/releases/1');
    const kept = join(temporaryDirectory('kept'), 'plugins');
    await keepPluginSet(place, kept);
    rmSync(join(state, 'npm'), { recursive: true });
    writeTree(state, { '.openclaw-releases-plugins/old/npm/half': '' });
    await putBackPluginSet(place, kept);
    expect(await listPlugins(place, null)).toMatchObject([{ version: '1.0.0' }]);
    expect(readdirSync(state).sort()).toEqual(['npm', 'plugins', 'state']);
  });

  test.each(['null', '{}', '{"directories":["../state"],"rows":[],"config":false}'])(
    'changes nothing when the record of a kept set is %s',
    async (text) => {
      const { state, config, node } = await emptyState();
      const kept = writeTree(temporaryDirectory('kept'), { 'kept.json': text });
      const before = readdirSync(state);
      await expect(putBackPluginSet({ state, config, node }, kept)).rejects.toMatchObject({
        code: 'corrupt_files',
        why: 'has another shape',
      });
      expect(readdirSync(state)).toEqual(before);
    },
  );

  test('leaves a configuration alone that somebody has changed meanwhile, and says so', async () => {
    const { state, config, node } = await emptyState();
    const place = { state, config, node };
    installPlugin(state, '1.0.0', '/releases/1');
    writeFileSync(config, '1');
    const kept = join(temporaryDirectory('kept'), 'plugins');
    await keepPluginSet(place, kept);
    writeFileSync(config, '3');
    expect(await putBackPluginSet(place, kept, 'the digest of 2')).toEqual([
      'openclaw.json was changed by somebody meanwhile and stays as it is.',
    ]);
    expect(readFileSync(config, 'utf8')).toBe('3');
  });
});

/** Changes of tools: another version in another directory, and a new plugin. */
function installPluginAnew(state: string): void {
  rmSync(join(state, 'npm'), { recursive: true });
  rmSync(join(state, 'plugins'), { recursive: true });
  installPlugin(state, '2.0.0', '/releases/2');
  writeTree(state, { 'extensions/notes/openclaw.plugin.json': JSON.stringify({ id: 'notes' }) });
}
