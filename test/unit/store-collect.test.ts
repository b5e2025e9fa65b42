import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collect, planCollection } from '../../src/store/collect.js';
import { listReleases } from '../../src/store/manifest.js';
import { absolve, pin, quarantine, readPolicy, unpin } from '../../src/store/policy.js';
import { temporaryRoot } from '../support/place.js';
import { sealTinyRelease } from '../support/release.js';

test('the newest and the needed stay, the rest goes, and so do directories without a manifest', async () => {
  const root = temporaryRoot();
  for (const id of ['2026.5.1', '2026.5.2', '2026.6.1', '2026.7.1', '2026.7.1-2'])
    await sealTinyRelease(root, id);
  mkdirSync(join(root.releases, 'half-done'));
  mkdirSync(join(root.runtimes, 'node-24.0.0'));
  const plan = planCollection(root, new Map([['2026.5.1', 'pinned']]), 2);
  expect(plan).toMatchObject({
    remove: [{ id: '2026.5.2' }, { id: '2026.6.1' }],
    removeUnsealed: ['half-done'],
    removeRuntimes: ['node-24.0.0'],
    keep: [
      { id: '2026.5.1', reason: 'pinned' },
      { id: '2026.7.1', reason: 'one of the newest 2' },
      { id: '2026.7.1-2', reason: 'one of the newest 2' },
    ],
  });
  collect(root, plan);
  expect(listReleases(root)).toMatchObject({
    releases: [{ id: '2026.5.1' }, { id: '2026.7.1' }, { id: '2026.7.1-2' }],
    unsealed: [],
  });
});

test('pins and quarantine are remembered and can be taken back', () => {
  const root = temporaryRoot();
  pin(root, '2026.6.1');
  pin(root, '2026.6.1');
  quarantine(root, '2026.7.1', {
    cause: { code: 'gateway_crashed', message: 'It crashed.' },
    change: 'c',
    at: 'now',
  });
  expect(readPolicy(root)).toMatchObject({
    pins: ['2026.6.1'],
    quarantine: { '2026.7.1': { cause: { code: 'gateway_crashed' } } },
  });
  unpin(root, '2026.6.1');
  absolve(root, '2026.7.1');
  expect(readPolicy(root)).toEqual({ schema: 1, pins: [], quarantine: {} });
});
