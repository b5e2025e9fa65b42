import { describe, expect, test } from 'vitest';
import { differences, type Instance } from '../../../src/openclaw/instance.js';

const GATEWAY: Instance = {
  profile: '',
  directory: '/home/claw/.openclaw',
  config: '/home/claw/.openclaw/openclaw.json',
  user: 1000,
  address: '127.0.0.1',
  port: 18789,
};

describe('the address of an instance', () => {
  test.each([
    ['127.0.0.1', '::1'],
    ['0.0.0.0', '::'],
    ['127.0.0.1', null],
    ['192.168.1.4', '192.168.1.4'],
  ])('is the same: %s and %s', (before, now) => {
    expect(differences({ ...GATEWAY, address: before }, { ...GATEWAY, address: now })).toEqual([]);
  });

  test.each([
    ['127.0.0.1', '0.0.0.0'],
    ['::1', '::'],
    ['127.0.0.1', '127.0.0.2'],
    ['192.168.1.4', '192.168.1.5'],
  ])('is another: %s and %s', (before, now) => {
    expect(differences({ ...GATEWAY, address: before }, { ...GATEWAY, address: now })).toEqual([
      expect.stringMatching(/^address .* before, .* now$/),
    ]);
  });
});

test('each other fact of an instance is a difference, also where one is empty', () => {
  const other = { profile: 'work', directory: '/srv', config: '/srv/openclaw.json', user: 0, port: 1 };
  for (const [key, value] of Object.entries(other)) {
    expect(differences(GATEWAY, { ...GATEWAY, [key]: value })).toHaveLength(1);
  }
});
