import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listReleases } from '../../../src/store/manifest.js';
import { pin, readPolicy, setRetention, unpin } from '../../../src/store/policy.js';
import { planPrune, prune } from '../../../src/store/prune.js';
import { clearQuarantine, quarantine, quarantineEnd, quarantineOf } from '../../../src/store/quarantine.js';
import { temporaryRoot, writeTree } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

test('a quarantined release does not take the place of a healthy one', async () => {
  const root = temporaryRoot();
  for (const id of ['2026.5.1', '2026.6.1', '2026.7.1']) await sealTinyRelease(root, id);
  const cause = { code: 'gateway_crashed', message: 'It ended.' } as const;
  quarantine(root, '2026.7.1', { change: 'c', at: new Date().toISOString(), cause });
  const plan = planPrune(root, new Map(), { releases: 2 });
  expect(plan.keep.map(({ id }) => id)).toEqual(['2026.5.1', '2026.6.1']);
  expect(plan.remove.map(({ id }) => id)).toEqual(['2026.7.1']);
});

test('the newest and the needed stay, the rest is removed, and so are directories without a manifest', async () => {
  const root = temporaryRoot();
  for (const id of ['2026.5.1', '2026.5.2', '2026.6.1', '2026.7.1', '2026.7.1-2'])
    await sealTinyRelease(root, id);
  mkdirSync(join(root.releases, 'half-done'));
  mkdirSync(join(root.runtimes, 'node-24.0.0'));
  const plan = planPrune(root, new Map([['2026.5.1', 'pinned']]), { releases: 2 });
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
  for (const id of ['2026.5.2', '2026.7.1', 'half-done', 'never-sealed'])
    writeTree(join(root.caches, id), { 'v24/a': 'compiled' });
  prune(root, plan);
  expect(readdirSync(root.caches)).toEqual(['2026.7.1']);
  expect(listReleases(root)).toMatchObject({
    releases: [{ id: '2026.5.1' }, { id: '2026.7.1' }, { id: '2026.7.1-2' }],
    unsealed: [],
  });
});

test('nothing is pruned while a file is corrupt, or while a displaced file has not been inspected', async () => {
  const root = temporaryRoot();
  for (const id of ['2026.5.1', '2026.6.1']) await sealTinyRelease(root, id);
  const plan = () => planPrune(root, new Map(), { releases: 1 });
  expect(plan().remove).toMatchObject([{ id: '2026.5.1' }]);
  writeFileSync(root.policy, '{"schema": 1, "pins": ["2026.5.1"');
  expect(plan).toThrow(expect.objectContaining({ code: 'corrupt_files' }));
  rmSync(root.policy);
  mkdirSync(join(root.path, 'corrupt'));
  writeFileSync(join(root.path, 'corrupt/policy.json.20260101T000000000Z'), '');
  expect(plan).toThrow(expect.objectContaining({ code: 'corrupt_files' }));
  rmSync(join(root.path, 'corrupt'), { recursive: true });
  expect(plan().remove).toMatchObject([{ id: '2026.5.1' }]);
});

describe('a limit in bytes', () => {
  const KIB = 1024;

  /** Releases of 10 KiB and a few bytes each. */
  async function fourReleases() {
    const root = temporaryRoot();
    for (const id of ['2026.5.1', '2026.6.1', '2026.7.1', '2026.8.1'])
      await sealTinyRelease(root, id, { filler: 'x'.repeat(10 * KIB) });
    return root;
  }
  const ids = (releases: { id: string }[]) => releases.map(({ id }) => id);

  test.each([
    { kibibytes: 41, releases: 3, keep: ['2026.6.1', '2026.7.1', '2026.8.1'] },
    { kibibytes: 41, releases: 9, keep: ['2026.5.1', '2026.6.1', '2026.7.1', '2026.8.1'] },
    { kibibytes: 25, releases: 3, keep: ['2026.7.1', '2026.8.1'] },
    { kibibytes: 25, releases: 1, keep: ['2026.8.1'] },
    { kibibytes: 9, releases: 3, keep: [] },
  ])('of $kibibytes KiB, and one of $releases releases', async ({ kibibytes, releases, keep }) => {
    const root = await fourReleases();
    setRetention(root, { bytes: kibibytes * KIB, releases });
    const plan = planPrune(root, new Map());
    expect(ids(plan.keep)).toEqual(keep);
    expect(ids(plan.remove)).toEqual(
      ['2026.5.1', '2026.6.1', '2026.7.1', '2026.8.1'].slice(0, 4 - keep.length),
    );
    expect(plan.warnings).toEqual([]);
  });

  test('is to the byte', async () => {
    const root = await fourReleases();
    const [, , third, fourth] = listReleases(root).releases;
    const both = (third?.bytes ?? 0) + (fourth?.bytes ?? 0);
    expect(ids(planPrune(root, new Map(), { bytes: both }).keep)).toEqual(['2026.7.1', '2026.8.1']);
    expect(ids(planPrune(root, new Map(), { bytes: both - 1 }).keep)).toEqual(['2026.8.1']);
  });

  test('counts what is needed first, and never removes it: it reports when that alone is more', async () => {
    const root = await fourReleases();
    const needed = new Map([
      ['2026.5.1', 'pinned'],
      ['2026.6.1', 'current'],
    ]);
    const plan = (kibibytes: number) => planPrune(root, needed, { bytes: kibibytes * KIB });
    expect(ids(plan(33).keep)).toEqual(['2026.5.1', '2026.6.1', '2026.8.1']);
    expect(plan(33).warnings).toEqual([]);
    expect(ids(plan(12).keep)).toEqual(['2026.5.1', '2026.6.1']);
    expect(plan(12).warnings).toEqual([expect.stringContaining('that are needed take 21 KiB')]);
  });

  test('does not skip a release that is too large: older ones are removed as well', async () => {
    const root = await fourReleases();
    await sealTinyRelease(root, '2026.7.2', { filler: 'x'.repeat(50 * KIB) });
    expect(ids(planPrune(root, new Map(), { bytes: 40 * KIB }).keep)).toEqual(['2026.8.1']);
  });

  test('counts what Node has compiled of a release, which is removed with it', async () => {
    const root = await fourReleases();
    const compiled = join(root.caches, '2026.7.1/v24.21.0-x64');
    mkdirSync(compiled, { recursive: true });
    for (const name of ['0a', '0b']) writeFileSync(join(compiled, name), 'x'.repeat(3 * KIB));
    const plan = (kibibytes: number) => planPrune(root, new Map(), { bytes: kibibytes * KIB });
    expect(ids(plan(26).keep)).toEqual(['2026.8.1']);
    expect(ids(plan(28).keep)).toEqual(['2026.7.1', '2026.8.1']);
    const [, , third] = listReleases(root).releases;
    expect(plan(26).remove).toContainEqual(
      expect.objectContaining({ id: '2026.7.1', bytes: (third?.bytes ?? 0) + 6 * KIB }),
    );
    prune(root, plan(26));
    expect(existsSync(join(root.caches, '2026.7.1'))).toBe(false);
  });

  test('counts what is removed with a release, and an option overrides the setting', async () => {
    const root = await fourReleases();
    setRetention(root, { bytes: 25 * KIB });
    const state = (id: string) => (id === '2026.7.1' ? 5 * KIB : 0);
    expect(ids(planPrune(root, new Map(), {}, state).keep)).toEqual(['2026.8.1']);
    expect(ids(planPrune(root, new Map(), { bytes: 26 * KIB }, state).keep)).toEqual([
      '2026.7.1',
      '2026.8.1',
    ]);
    setRetention(root, { bytes: undefined });
    expect(readPolicy(root).retention).toEqual({});
    expect(ids(planPrune(root, new Map(), {}, state).keep)).toHaveLength(3);
  });
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

test('pins and quarantine are stored and can be removed', () => {
  const root = temporaryRoot();
  pin(root, '2026.6.1');
  pin(root, '2026.6.1');
  quarantine(root, '2026.7.1', {
    cause: { code: 'gateway_crashed', message: 'It crashed.' },
    change: 'c',
    at: '2026-06-01T00:00:00.000Z',
  });
  expect(readPolicy(root)).toMatchObject({
    pins: ['2026.6.1'],
    quarantine: { '2026.7.1': { cause: { code: 'gateway_crashed' } } },
  });
  unpin(root, '2026.6.1');
  clearQuarantine(root, '2026.7.1');
  expect(readPolicy(root)).toEqual({ schema: 1, pins: [], quarantine: {} });
});
