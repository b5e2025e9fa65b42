import { expect, test } from 'vitest';
import { planFor } from '../../../src/change/run.js';
import { checkRegistryAddress } from '../../../src/registry/address.js';

const SECRET = 'hunter2';

test.each(['https://registry.npmjs.org', 'http://127.0.0.1:4873/', 'https://npm.example.com/a@b/'])(
  'accepts %s',
  (address) => {
    expect(() => checkRegistryAddress(address)).not.toThrow();
  },
);

test.each(['', 'registry.npmjs.org', 'ftp://npm.example.com', 'file:///srv/npm', 'https://'])(
  'refuses %j as no address of a registry',
  (address) => {
    expect(() => checkRegistryAddress(address)).toThrow(expect.objectContaining({ code: 'usage' }));
  },
);

test.each([
  `http://user:${SECRET}@npm.example.com/`,
  `https://${SECRET}@npm.example.com/path`,
  `https://:${SECRET}@npm.example.com`,
  `http://user:${SECRET}@npm.example.com:bad/`,
  `https://npm.example.com/?token=${SECRET}`,
  `user:${SECRET}//a@npm.example.com`,
])('refuses the credentials of address %#, and does not repeat them', (address) => {
  const refusal = (() => {
    try {
      planFor({ kind: 'update', target: 'latest', options: { registry: address } });
    } catch (error) {
      return error as Error & { code: string; hint: string };
    }
  })();
  expect(refusal).toMatchObject({ code: 'usage', hint: expect.stringContaining('.npmrc') });
  expect(`${refusal?.message} ${refusal?.hint}`).not.toContain(SECRET);
});
