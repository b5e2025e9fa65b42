import { describe, expect, test } from 'vitest';
import {
  firstDifference,
  type Lockfile,
  sameBytes,
  withoutSecretAddresses,
} from '../../../src/install/lockfile.js';

const lock = (packages: Record<string, { version?: string; integrity?: string }>): Lockfile =>
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
