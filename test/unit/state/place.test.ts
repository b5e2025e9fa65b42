import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configPath, findStatePlace, isOfConfig, isWithin } from '../../../src/state/place.js';
import { temporaryDirectory } from '../../support/place.js';

const home = () => realpathSync(temporaryDirectory('home'));

test('the state is in the home, of the profile that an option names', () => {
  const HOME = home();
  const at = (env: Record<string, string>, args: string[] = []) =>
    findStatePlace({ env: { HOME, ...env }, args }).directory;
  expect(at({})).toBe(join(HOME, '.openclaw'));
  for (const OPENCLAW_PROFILE of ['work', 'Default', '../elsewhere'])
    expect(at({ OPENCLAW_PROFILE }), 'a variable chooses no place').toBe(join(HOME, '.openclaw'));
  expect(at({}, ['--profile', 'Default', 'gateway'])).toBe(join(HOME, '.openclaw'));
  expect(at({}, ['--profile', '../elsewhere', 'gateway'])).toBe(join(HOME, '.openclaw'));
  expect(at({ OPENCLAW_PROFILE: 'work' }, ['--profile', 'play', 'gateway'])).toBe(
    join(HOME, '.openclaw-play'),
  );
  expect(at({}, ['--profile=play', 'gateway'])).toBe(join(HOME, '.openclaw-play'));
  expect(at({}, ['--dev', 'gateway'])).toBe(join(HOME, '.openclaw-dev'));
  expect(at({ OPENCLAW_HOME: '~/other' })).toBe(join(HOME, 'other/.openclaw'));
  expect(at({ OPENCLAW_STATE_DIR: '~/state' })).toBe(join(HOME, 'state'));
  expect(at({ OPENCLAW_STATE_DIR: '/srv/state', OPENCLAW_PROFILE: 'work' })).toBe('/srv/state');
});

test('the older name counts only where the current one is missing', () => {
  const HOME = home();
  mkdirSync(join(HOME, '.clawdbot'));
  expect(findStatePlace({ env: { HOME } }).directory).toBe(join(HOME, '.clawdbot'));
  mkdirSync(join(HOME, '.openclaw'));
  expect(findStatePlace({ env: { HOME } }).directory).toBe(join(HOME, '.openclaw'));
});

test('links are followed, to the directory and to the configuration', () => {
  const HOME = home();
  mkdirSync(join(HOME, 'disk'));
  symlinkSync('disk', join(HOME, '.openclaw'));
  const directory = join(HOME, 'disk');
  expect(findStatePlace({ env: { HOME } })).toEqual({ directory, config: null });
  writeFileSync(join(HOME, 'mine.json'), '{}');
  const OPENCLAW_CONFIG_PATH = '~/.openclaw/inside.json';
  const other = findStatePlace({ env: { HOME, OPENCLAW_CONFIG_PATH } });
  expect(other).toEqual({ directory, config: null, inside: 'inside.json' });
  expect(configPath(other)).toBe(join(directory, 'inside.json'));
  symlinkSync('../mine.json', join(directory, 'openclaw.json'));
  expect(findStatePlace({ env: { HOME } })).toEqual({ directory, config: join(HOME, 'mine.json') });
});

test.each([
  ['openclaw.json', null, undefined, true],
  ['other.json', null, undefined, false],
  ['openclaw.json', '/elsewhere/openclaw.json', undefined, false],
  ['conf/mine.json', null, 'conf/mine.json', true],
  ['conf', null, 'conf/mine.json', true],
  ['conf/other.json', null, 'conf/mine.json', false],
  ['con', null, 'conf/mine.json', false],
  // It may be the link to it.
  ['openclaw.json', null, 'conf/mine.json', true],
])('%s is of the configuration (%s, %s): %s', (path, config, inside, is) => {
  expect(isOfConfig({ directory: '/state', config, ...(inside && { inside }) }, path)).toBe(is);
});

test.each([
  ['/a/b', '/a', true],
  ['/a/..b', '/a', true],
  ['/a', '/a', false],
  ['/ab', '/a', false],
  ['/', '/a', false],
])('%s below %s: %s', (path, directory, within) => {
  expect(isWithin(path, directory)).toBe(within);
});
