import { beforeEach, expect, test, vi } from 'vitest';
import { findHome, homeDirectory, userName } from '../../../src/host/user.js';

const listed = vi.hoisted(() => ({ home: '/home/claw' as string | null, name: 'claw' as string | null }));
vi.mock('node:os', async (original) => {
  const orThrow = (value: string | null) => {
    if (value === null) throw new Error('ENOENT: no such user');
    return value;
  };
  return {
    ...(await original<typeof import('node:os')>()),
    homedir: () => orThrow(listed.home),
    userInfo: () => ({ username: orThrow(listed.name) }),
  };
});

beforeEach(() => Object.assign(listed, { home: '/home/claw', name: 'claw' }));

test('HOME comes first, then the list of users', () => {
  expect([findHome({ HOME: '/h' }), findHome({ HOME: '' }), homeDirectory({})]).toEqual([
    '/h',
    '/home/claw',
    '/home/claw',
  ]);
  expect(userName()).toBe('claw');
});

test.each([null, ''])('a user that is not listed (%j) goes by its number, and lacks a home', (home) => {
  Object.assign(listed, { home, name: null });
  expect(userName()).toBe(String(process.getuid?.()));
  expect(findHome({})).toBeNull();
  expect(() => homeDirectory({})).toThrow(
    expect.objectContaining({ code: 'home_unknown', hint: expect.stringContaining('export HOME=') }),
  );
  expect(homeDirectory({ HOME: '/h' })).toBe('/h');
});
