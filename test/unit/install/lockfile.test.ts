import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReleasesError } from '../../../src/core/errors.js';
import {
  firstDifference,
  lockedRelease,
  parseLockfile,
  sameBytes,
  type Tree,
  withoutSecretAddresses,
} from '../../../src/install/lockfile.js';

const lock = (packages: Record<string, { version: string; integrity?: string }>): Tree =>
  new Map(Object.entries(packages));

describe('sameBytes', () => {
  test.each([
    ['sha512-a', 'sha512-a', true],
    ['sha512-a', 'sha1-b sha512-a', true],
    ['sha512-a', 'sha512-b', false],
    ['sha512-a sha1-b', 'sha512-a', false],
    ['sha512-a', undefined, false],
    [undefined, 'sha512-a', true],
  ])('of %j and %j: %j', (announced, locked, expected) => {
    expect(sameBytes(announced, locked)).toBe(expected);
  });
});

describe('firstDifference', () => {
  const exact = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } };

  test('is none between a lockfile and the tree it describes', () => {
    expect(firstDifference(lock(exact), lock(exact))).toBeNull();
  });

  test.each([
    ['another version', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a' } }, 'node_modules/a'],
    ['other bytes', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } }, 'node_modules/a'],
    ['a package less', {}, 'node_modules/a'],
    ['a package more', { ...exact, 'node_modules/b': { version: '1.0.0' } }, 'node_modules/b'],
  ])('is %s', (_what, found, location) => {
    expect(firstDifference(lock(exact), lock(found))).toBe(location);
  });
});

describe('withoutSecretAddresses', () => {
  const lockfile = (resolved: string) =>
    JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.0', resolved } } });

  test.each(['https://me:PW@host/a.tgz', 'https://PW@host/a.tgz', 'https://host/a.tgz?token=PW'])(
    'leaves out %s, and keeps the package',
    (resolved) => {
      const { packages } = JSON.parse(withoutSecretAddresses(lockfile(resolved)));
      expect(packages).toEqual({ '': {}, 'node_modules/a': { version: '1.0.0' } });
    },
  );

  test.each(['https://host/a.tgz', 'file:openclaw-1.0.0.tgz'])(
    'leaves %s and the text as they are',
    (resolved) => {
      expect(withoutSecretAddresses(lockfile(resolved))).toBe(lockfile(resolved));
    },
  );
});

const digest = (algorithm: string) =>
  `${algorithm}-${createHash(algorithm).update('bytes').digest('base64')}`;
const integrity = digest('sha512');
const openclaw = { version: '2026.6.1', integrity };
const A = 'node_modules/a';
const document = (packages: object) => ({
  lockfileVersion: 3,
  packages: { '': { dependencies: { openclaw: '*' } }, 'node_modules/openclaw': openclaw, ...packages },
});
const parse = (lockfile: unknown) => parseLockfile(JSON.stringify(lockfile), 'given.json');
const release = (lockfile: unknown, isOwn = false) => lockedRelease(parse(lockfile), 'given.json', { isOwn });
const invalid = expect.objectContaining({ code: 'lockfile_invalid' });

describe('parseLockfile', () => {
  test('reads what npm writes', () => {
    const packages = {
      'node_modules/@scope/b.c': {
        version: '1.0.0',
        resolved: 'https://a.example/b.tgz',
        integrity,
        dev: true,
      },
      [`${A}/node_modules/a`]: {
        name: 'other',
        version: '01.2.3-beta',
        integrity,
        hasInstallScript: true,
        bin: { a: 'a.js' },
        engines: ['node >= 0.6'],
        os: ['linux'],
        libc: 'glibc',
        peerDependencies: { c: '*' },
        peerDependenciesMeta: { c: { optional: true } },
        bundleDependencies: ['d'],
        license: 'MIT',
        funding: [{ url: 'https://a.example' }],
      },
    };
    expect([...parse(document(packages)).keys()]).toEqual([
      'node_modules/openclaw',
      ...Object.keys(packages),
    ]);
    expect(parse({ ...document(packages), lockfileVersion: 2 }).size).toBe(3);
  });

  test.each([
    'node_modules/../../x',
    'node_modules/..',
    'node_modules/.',
    'node_modules/a/../b',
    'node_modules/a/./b',
    'node_modules/a/node_modules/..',
    'node_modules/@s/..',
    'node_modules/@../x',
    'node_modules/@s',
    'node_modules/a/b',
    'node_modules/a/',
    'node_modules//a',
    'node_modules/',
    'node_modules',
    'node_modules/.bin',
    'node_modules/node_modules',
    'node_modules/a\\..\\b',
    'node_modules/a\u0000',
    'node_modules/a\n',
    'node_modules/a b',
    'node_modules/ä',
    '/abs/x',
    '/node_modules/a',
    './node_modules/a',
    '../x',
    'x',
    'packages/a/node_modules/b',
  ])('refuses the place %j', (place) => {
    const spoiled = document({ [place]: { version: '1.0.0', integrity } });
    expect(() => parse(spoiled)).toThrow(invalid);
    expect(() => parse(spoiled)).toThrow('is not the place of a package');
  });

  test.each<[string, unknown]>([
    ['version', 1],
    ['version', null],
    ['version', 'file:/etc/passwd'],
    ['version', '../../x'],
    ['name', 'a/../b'],
    ['name', '../../x'],
    ['name', '.'],
    ['name', {}],
    ['resolved', 1],
    ['resolved', true],
    ['resolved', ['https://a.example']],
    ['integrity', 1],
    ['integrity', 'trust-me'],
    ['integrity', digest('md5')],
    ['integrity', ''],
    ['integrity', null],
    ['integrity', [integrity]],
    ['integrity', { sha512: integrity }],
    ['link', true],
    ['link', 'true'],
    ['inBundle', 'yes'],
    ['hasInstallScript', 1],
    ['optional', null],
    ['dependencies', []],
    ['dependencies', { b: 1 }],
    ['optionalDependencies', 'b'],
    ['peerDependencies', null],
    ['bundleDependencies', true],
    ['bundleDependencies', [1]],
    ['bin', { a: 1 }],
    ['engines', 'node'],
    ['os', { linux: true }],
    ['cpu', [1]],
  ])('refuses a package whose %s is %j', (field, value) => {
    const spoiled = document({ [A]: { version: '1.0.0', integrity, [field]: value } });
    expect(() => parse(spoiled)).toThrow(invalid);
    expect(() => parse(spoiled)).toThrow(`"${A}" has an unusable ${field}`);
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a list', []],
    ['a text', 'x'],
    ['no packages', { lockfileVersion: 3 }],
    ['a list of packages', { lockfileVersion: 3, packages: [] }],
    ['no packages but null', { lockfileVersion: 3, packages: null }],
    ['the first version', { ...document({}), lockfileVersion: 1 }],
    ['a version of text', { ...document({}), lockfileVersion: '3' }],
    ['no version', { packages: document({}).packages }],
    ['a package that is null', document({ [A]: null })],
    ['a package of text', document({ [A]: '1.0.0' })],
    ['a package in a list', document({ [A]: [] })],
    ['a package without a version', document({ [A]: { integrity } })],
    ['a first package that is null', document({ '': null })],
    ['dependencies of the whole in a list', document({ '': { dependencies: [] } })],
  ])('refuses %s', (_what, lockfile) => {
    expect(() => parse(lockfile)).toThrow(invalid);
  });

  test('causes no other error for any JSON', () => {
    const odd = fc.jsonValue();
    const field = fc.constantFrom(
      'version',
      'integrity',
      'resolved',
      'name',
      'link',
      'inBundle',
      'dependencies',
    );
    const locked = fc.oneof(
      odd,
      fc.dictionary(fc.oneof(field, fc.string()), fc.oneof(odd, fc.constant(integrity))),
    );
    const place = fc.oneof(fc.constantFrom(A, 'node_modules/openclaw', ''), fc.string());
    const lockfile = fc.record({
      lockfileVersion: fc.constantFrom(2, 3),
      packages: fc.dictionary(place, locked),
    });
    fc.assert(
      fc.property(fc.oneof(odd, lockfile), fc.boolean(), (given, isOwn) => {
        try {
          release(given, isOwn);
        } catch (error) {
          if (!(error instanceof ReleasesError) || error.code !== 'lockfile_invalid') throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('lockedRelease', () => {
  const bundled = (outer: object, inner: object = { inBundle: true }) =>
    document({
      [A]: { version: '1.0.0', integrity, ...outer },
      [`${A}/node_modules/b`]: { version: '1.0.0', ...inner },
    });

  test('finds the release of a lockfile in which everything has a checksum', () => {
    expect(release(document({ [A]: { version: '1.0.0', integrity } }))).toEqual(openclaw);
    expect(release(bundled({ bundleDependencies: ['b'] }))).toEqual(openclaw);
  });

  test.each<[string, object]>([
    ['has none', document({ [A]: { version: '1.0.0' } })],
    [
      'claims a bundle where there is no outer package',
      document({ [A]: { version: '1.0.0', inBundle: true } }),
    ],
    ['claims a bundle of a package that has none', bundled({})],
    ['claims a bundle of a package whose list is empty', bundled({ bundleDependencies: [] })],
    ['is in a bundle and does not say so', bundled({ bundleDependencies: ['b'] }, {})],
  ])('refuses a package without a checksum that %s', (_what, lockfile) => {
    for (const isOwn of [true, false])
      expect(() => release(lockfile, isOwn)).toThrow(/has no checksum for node_modules/);
  });

  test('refuses SHA-1 alone, except in a lockfile of this host', () => {
    const lockfile = document({ [A]: { version: '1.0.0', integrity: digest('sha1') } });
    expect(() => release(lockfile)).toThrow(`given.json has only a SHA-1 checksum for ${A}.`);
    expect(release(lockfile, true)).toEqual(openclaw);
    const both = document({ [A]: { version: '1.0.0', integrity: `${digest('sha1')} ${integrity}` } });
    expect(release(both)).toEqual(openclaw);
  });
});
