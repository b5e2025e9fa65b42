import { expect, test } from 'vitest';
import { withOwnAddresses } from '../../../../src/install/process/localize-lockfile.js';
import type { ClientOptions } from '../../../../src/registry/client.js';

const OPTIONS: ClientOptions = {
  registry: 'https://packages.example/npm/',
  cache: '/cache',
  signingKeys: [],
  replaceRegistryHost: 'public.example',
  '@mine:registry': 'https://mine.example',
};

function kept(location: string, resolved: string, options = {}, archive?: string): string | undefined {
  const text = JSON.stringify({ packages: { '': {}, [location]: { version: '1.0.0', resolved } } });
  return JSON.parse(withOwnAddresses(text, { ...OPTIONS, ...options }, archive)).packages[location].resolved;
}

test.each([
  ['of the registry', 'node_modules/a', 'https://packages.example/npm/a/-/a-1.0.0.tgz'],
  [
    'of the registry of its scope',
    'node_modules/a/node_modules/@mine/b',
    'https://mine.example/@mine/b/-/b-1.0.0.tgz',
  ],
  ['in whose place npm puts the registry', 'node_modules/a', 'https://public.example/a/-/a-1.0.0.tgz'],
])('an address %s stays', (_which, location, resolved) => {
  expect(kept(location, resolved)).toBe(resolved);
});

test.each([
  ['of another host', 'node_modules/a', 'https://elsewhere.example/a/-/a-1.0.0.tgz'],
  ['of another place of the same host', 'node_modules/a', 'https://packages.example/other/a-1.0.0.tgz'],
  ['that only begins like it', 'node_modules/a', 'https://packages.example.evil/npm/a-1.0.0.tgz'],
  ['of another protocol', 'node_modules/a', 'http://packages.example/npm/a/-/a-1.0.0.tgz'],
  ['of a scope that has a registry of its own', 'node_modules/@mine/b', 'https://packages.example/npm/b.tgz'],
  ['of a repository', 'node_modules/a', 'git+ssh://git@public.example/a.git#0123'],
  ['of a file', 'node_modules/a', 'file:../../a.tgz'],
  ['that is none', 'node_modules/a', 'a'],
])('an address %s goes', (_which, location, resolved) => {
  expect(kept(location, resolved)).toBeUndefined();
});

test('every address stays when npm is set to replace every host', () => {
  const elsewhere = 'https://elsewhere.example/a/-/a-1.0.0.tgz';
  expect(kept('node_modules/a', elsewhere, { replaceRegistryHost: 'always' })).toBe(elsewhere);
});

test('a lockfile of this host stays as it is, byte for byte', () => {
  const text = '{ "packages" : { "": {}, "node_modules/a": { "inBundle": true } } }';
  expect(withOwnAddresses(text, OPTIONS)).toBe(text);
});

test('the address of an archive stays only where the release comes from that archive', () => {
  const archive = 'file:openclaw-1.0.0.tgz';
  expect(kept('node_modules/openclaw', archive, {}, archive)).toBe(archive);
  expect(kept('node_modules/openclaw', archive)).toBeUndefined();
});
