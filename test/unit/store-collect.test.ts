import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collect, planCollection } from '../../src/store/collect.js';
import { listReleases } from '../../src/store/manifest.js';
import {
  absolve,
  pin,
  quarantine,
  quarantineEnd,
  quarantineOf,
  readPolicy,
  unpin,
} from '../../src/store/policy.js';
import { temporaryRoot } from '../support/place.js';
import { sealTinyRelease } from '../support/release.js';

test('a release that failed here does not take the place of one that was well', async () => {
  const root = temporaryRoot();
  for (const id of ['2026.5.1', '2026.6.1', '2026.7.1']) await sealTinyRelease(root, id);
  const cause = { code: 'gateway_crashed', message: 'It ended.' } as const;
  quarantine(root, '2026.7.1', { change: 'c', at: new Date().toISOString(), cause });
  const plan = planCollection(root, new Map(), 2);
  expect(plan.keep.map(({ id }) => id)).toEqual(['2026.5.1', '2026.6.1']);
  expect(plan.remove.map(({ id }) => id)).toEqual(['2026.7.1']);
});

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

test('nothing is collected while there is something that cannot be read, or that a person has not looked at', async () => {
  const root = temporaryRoot();
  for (const id of ['2026.5.1', '2026.6.1']) await sealTinyRelease(root, id);
  const plan = () => planCollection(root, new Map(), 1);
  expect(plan().remove).toMatchObject([{ id: '2026.5.1' }]);
  writeFileSync(root.policy, '{"schema": 1, "pins": ["2026.5.1"');
  expect(plan).toThrow(expect.objectContaining({ code: 'unreadable_files' }));
  rmSync(root.policy);
  mkdirSync(join(root.path, 'unreadable'));
  writeFileSync(join(root.path, 'unreadable/policy.json.20260101T000000000Z'), '');
  expect(plan).toThrow(expect.objectContaining({ code: 'unreadable_files' }));
  rmSync(join(root.path, 'unreadable'), { recursive: true });
  expect(plan().remove).toMatchObject([{ id: '2026.5.1' }]);
});

const DAY_MS = 24 * 60 * 60_000;

test.each([
  { failures: [0], days: 7 },
  { failures: [0, 0], days: 14 },
  { failures: [0, 0, 0, 0], days: 21 },
  { failures: [0, 7], days: 7 + 11.095 },
  { failures: [0, 700], days: 707 },
])('failures on days $failures keep a release away until day $days', ({ failures, days }) => {
  const root = temporaryRoot();
  const start = Date.parse('2026-11-01T00:00:00Z');
  for (const day of failures) {
    const at = new Date(start + day * DAY_MS).toISOString();
    quarantine(root, '2026.7.1', { cause: { code: 'gateway_crashed', message: '' }, change: 'c', at });
  }
  const policy = readPolicy(root);
  const entry = quarantineOf(policy, '2026.7.1', start + (days - 0.01) * DAY_MS);
  expect(entry).not.toBeNull();
  expect(quarantineOf(policy, '2026.7.1', start + (days + 0.01) * DAY_MS)).toBeNull();
  if (entry) expect((quarantineEnd(entry).getTime() - start) / DAY_MS).toBeCloseTo(days, 1);
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
