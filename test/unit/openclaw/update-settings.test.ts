import { expect, test } from 'vitest';
import { blockedByOwner, type OwnSettings, readOwnSettings } from '../../../src/openclaw/update-settings.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

const NOTHING: OwnSettings = { channel: null, autoEnabled: null, checkOnStart: null };

const settingsIn = (directory: string) =>
  readOwnSettings({ args: [], env: { OPENCLAW_STATE_DIR: directory } });

function read(text: string): OwnSettings {
  return settingsIn(writeTree(temporaryDirectory(), { 'openclaw.json': text }));
}

test('the settings are read, with comments and without quotes as OpenClaw allows them', () => {
  const text = "{ update: { channel: 'Beta', auto: { enabled: false }, checkOnStart: true, /* x */ }, }";
  expect(read(text)).toEqual({ channel: 'beta', autoEnabled: false, checkOnStart: true });
});

test.each([
  ['no file', null],
  ['half a file', '{ update: {'],
  ['nothing about updates', '{}'],
  ['settings of another kind', '{ update: { channel: 3, auto: true, checkOnStart: "no" } }'],
])('%s sets nothing', (_, text) => {
  expect(text === null ? settingsIn('/nowhere') : read(text)).toEqual(NOTHING);
});

test('a default of off blocks nothing, and an explicit no blocks', () => {
  expect(blockedByOwner(NOTHING, [])).toEqual([]);
  expect(blockedByOwner({ ...NOTHING, autoEnabled: true, checkOnStart: true }, [])).toEqual([]);
  expect(blockedByOwner({ ...NOTHING, autoEnabled: false }, [])).toEqual([
    expect.stringContaining('update.auto.enabled'),
  ]);
  expect(blockedByOwner({ ...NOTHING, checkOnStart: false }, [])).toEqual([
    expect.stringContaining('update.checkOnStart'),
  ]);
});

test.each([
  ['1', 1],
  [' TRUE ', 1],
  ['on', 1],
  ['0', 0],
  ['', 0],
  ['no', 0],
])('OPENCLAW_NO_AUTO_UPDATE=%j blocks as it does for OpenClaw', (value, count) => {
  const env = { OPENCLAW_NO_AUTO_UPDATE: value };
  expect(blockedByOwner(NOTHING, [{ of: 'the unit', env }])).toHaveLength(count);
});

test('a shell that the gateway started has it from our own drop-in, and sets nothing', () => {
  const env = { OPENCLAW_NO_AUTO_UPDATE: '1', OPENCLAW_RELEASES_RELEASE: '/root/releases/2026.6.1' };
  expect(blockedByOwner(NOTHING, [{ of: 'the environment of this command', env }])).toEqual([]);
});
