import { expect, test } from 'vitest';
import { companionsOf } from '../../../src/openclaw/companions.js';
import type { Plugin } from '../../../src/openclaw/plugin.js';

const plugin = (differences: Partial<Plugin>): Plugin => ({
  ...{ id: 'matrix', version: '2026.9.5', source: 'npm @openclaw/matrix', enabled: true, problem: null },
  ...differences,
});

const isPublished = async (to: string, versions: string[] | null, from = '2026.9.5', installed = from) => {
  const [found] = await companionsOf([plugin({ version: installed })], from, to, async () => versions);
  return found?.isPublished;
};

test.each([
  ['2026.9.6', ['2026.9.5', '2026.9.6'], true],
  ['2026.9.6', ['2026.9.5'], false],
  ['2026.9.6', ['2026.9.6-beta.1', '2026.9.7'], false],
  ['2026.9.6', [], false],
  ['2026.9.6', null, null],
  ['2026.7.1-2', ['2026.7.1'], true],
  ['2026.7.1', ['2026.7.1-1'], true],
  ['2026.9.6+file.1a2b3c4d', ['2026.9.6'], true],
])('for %s among %j: published is %j', async (to, versions, published) => {
  expect(await isPublished(to, versions)).toBe(published);
});

test.each([
  ['a correction of the release', '2026.7.1-2', '2026.7.1', false],
  ['a version of its own', '2026.5.28', '2026.5.18', undefined],
  ['a beta', '2026.9.5', '2026.9.5-beta.1', undefined],
])('a plugin beside %s (%s, %s)', async (_story, from, installed, published) => {
  expect(await isPublished('2026.9.6', [], from, installed)).toBe(published);
});

test.each([
  ['of another publisher', { source: 'npm @acme/chat' }],
  ['that is disabled', { enabled: false }],
  ['without a version', { version: null }],
  ['from a path', { source: 'path /srv/plugin' }],
])('a plugin %s is not asked for', async (_story, differences) => {
  const asked: string[] = [];
  const ask = async (name: string) => {
    asked.push(name);
    return [];
  };
  expect(await companionsOf([plugin(differences)], '2026.9.5', '2026.9.6', ask)).toEqual([]);
  expect(asked).toEqual([]);
});

test('a registry of npm does not know what another one has', async () => {
  const found = companionsOf(
    [plugin({ source: 'clawhub clawhub:@openclaw/matrix' })],
    '2026.9.5',
    '2026.9.6',
    async () => [],
  );
  expect(await found).toEqual([{ package: '@openclaw/matrix', version: '2026.9.5', isPublished: null }]);
});
