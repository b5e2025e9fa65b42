import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkSpace } from '../../src/change/steps/check-space.js';
import { ReleasesError } from '../../src/core/errors.js';
import type { Context } from '../../src/ledger/context.js';
import { newChange } from '../../src/ledger/ledger.js';
import { planChange } from '../../src/ledger/plan.js';
import { keepBallast } from '../../src/store/ballast.js';
import { setRetention } from '../../src/store/policy.js';
import { prepareRoot, type Root, rootAt } from '../../src/store/root.js';
import { smallFilesystem } from '../support/filesystem.js';
import { temporaryDirectory, writeTree } from '../support/place.js';
import { sealTinyRelease } from '../support/release.js';
import { slowness } from '../support/slowness.js';
import { makeWorld } from '../support/world.js';

const MIB = 2 ** 20;

interface Asked {
  disk: string;
  root: Root;
  kind?: 'stage' | 'update';
  cache?: string;
  state?: string;
  runtime?: 'root' | 'host' | 'registry';
  unpackedSize?: number;
}

/** Runs the step alone, for a release that is not here yet. */
function checkSpaceFor(asked: Asked): Promise<string> {
  const { root, kind = 'stage', state = null, runtime = 'root', unpackedSize = 0 } = asked;
  const change = newChange(planChange(kind, '2026.8.1', {}), {
    from: '2026.6.1',
    previous: null,
    to: '2026.8.1',
  });
  change.facts.resolved = { unpackedSize } as never;
  change.facts.runtime = {
    kind: runtime,
    version: '24.0.0',
    path: process.execPath,
  } as never;
  if (state) change.facts.place = { directory: state, config: null };
  const cache = asked.cache ?? join(temporaryDirectory(), '_cacache');
  const context = { root, change, client: async () => ({ cache, registry: '' }) } as unknown as Context;
  return checkSpace.do(context);
}

/** Takes room on a disk until exactly so many bytes, in whole blocks, are free. */
function leaveFree(disk: string, bytes: number): void {
  const filler = join(disk, 'filler');
  rmSync(filler, { force: true });
  writeFileSync(filler, '');
  const blocks = () => statfsSync(disk).bavail - Math.ceil(bytes / statfsSync(disk).bsize);
  for (let length = 0; blocks() !== 0; ) {
    length += blocks() * statfsSync(disk).bsize;
    execFileSync('fallocate', ['-l', String(length), filler]);
    execFileSync('truncate', ['-s', String(length), filler]);
  }
}

async function smallDisk() {
  const disk = smallFilesystem(400);
  const root = rootAt(join(disk, 'root'));
  prepareRoot(root);
  // The least that a release is taken to need is what the largest of those here does, and a fifth more.
  await sealTinyRelease(root, '2026.6.1', { filler: 'x'.repeat(10 * MIB) });
  setRetention(root, { leaveFree: 20 * MIB });
  return { disk, root };
}

/** The least room, in bytes, with which it is not refused. */
async function leastRoom(asked: Asked): Promise<number> {
  const { bsize } = statfsSync(asked.disk);
  let [refused, taken] = [0, (390 * MIB) / bsize];
  while (taken - refused > 1) {
    const middle = Math.floor((refused + taken) / 2);
    leaveFree(asked.disk, middle * bsize);
    const fits = await checkSpaceFor(asked).then(
      () => true,
      () => false,
    );
    if (fits) taken = middle;
    else refused = middle;
  }
  return taken * bsize;
}

describe('the room that a release needs', () => {
  test('is refused one block below, and enough at the edge', async () => {
    const { disk, root } = await smallDisk();
    const least = await leastRoom({ disk, root });
    expect(least).toBeGreaterThanOrEqual(10 * MIB * 1.2 + 20 * MIB);
    expect(least).toBeLessThan(10 * MIB * 1.2 + 20 * MIB + 64 * 1024);
    leaveFree(disk, least);
    await expect(checkSpaceFor({ disk, root })).resolves.toMatch(/^needs 33 MiB .*; free are 3[23] MiB/);
    leaveFree(disk, least - statfsSync(disk).bsize);
    const refusal = await checkSpaceFor({ disk, root }).catch((error) => error);
    expect(refusal).toBeInstanceOf(ReleasesError);
    expect(refusal).toMatchObject({
      code: 'insufficient_space',
      message: expect.stringMatching(
        /^2026\.8\.1 needs 33 MiB and \d+ files, 20 MiB of it to be left free; 32 MiB .* are free in/,
      ),
      hint: 'openclaw-releases prune --dry-run, or openclaw-releases retention --leave-free <amount>',
      untouched: 'Nothing was downloaded or changed.',
    });
  });

  test(
    'is more by all that comes with it: archives kept beside it, a Node, a copy of the state, what stays free',
    async () => {
      const { disk, root } = await smallDisk();
      const state = writeTree(join(disk, 'state'), {
        'openclaw.json': '{}',
        'notes.txt': 'x'.repeat(7 * MIB),
      });
      const plain = await leastRoom({ disk, root });
      const more = async (asked: Partial<Asked>) =>
        Math.round(((await leastRoom({ disk, root, ...asked })) - plain) / MIB);
      expect(await more({ cache: join(disk, 'npm/_cacache') })).toBe(5);
      expect(await more({ runtime: 'registry' })).toBe(160);
      expect(await more({ runtime: 'host' })).toBe(Math.round(statSync(process.execPath).size / MIB));
      expect(await more({ runtime: 'registry', cache: join(disk, 'npm/_cacache') })).toBe(160 + 64 + 5);
      expect(await more({ kind: 'stage', state })).toBe(0);
      expect(await more({ kind: 'update', state })).toBe(7);
      expect(await more({ unpackedSize: 100 * MIB })).toBe(120 - 12);
      setRetention(root, { leaveFree: 50 * MIB });
      expect(await more({})).toBe(30);
      setRetention(root, { leaveFree: undefined });
      expect(await more({})).toBe(256 - 20);
    },
    240_000 * slowness,
  );

  test('is what is free besides the ballast', async () => {
    const { disk, root } = await smallDisk();
    const before = statfsSync(disk).bavail;
    keepBallast(root);
    expect(readdirSync(root.ballast)).toHaveLength(32);
    const taken = (before - statfsSync(disk).bavail) * statfsSync(disk).bsize;
    expect(taken).toBeGreaterThanOrEqual(32 * 32 * 1024);
    const least = await leastRoom({ disk, root });
    leaveFree(disk, least - statfsSync(disk).bsize);
    await expect(checkSpaceFor({ disk, root })).rejects.toMatchObject({ code: 'insufficient_space' });
  });
});

test('a release that would leave less than is set is refused before any download, and nothing is left', async () => {
  const disk = smallFilesystem(1_500);
  const world = await makeWorld(undefined, { rootIn: () => join(disk, 'root') });
  world.publish('2026.6.1');
  world.publish('2026.6.5');
  await world.ok('stage', '2026.6.1');
  expect(await world.ok('retention', '--leave-free', '100MiB', '--bytes', '2GB')).toMatchObject({
    retention: { releases: 3, bytes: 2e9, leaveFree: 100 * MIB },
  });
  leaveFree(disk, 99 * MIB);
  const asked = world.registry.requests.length;
  const { exitCode, json } = await world.cli('stage', '2026.6.5');
  expect(json).toMatchObject({ error: { code: 'insufficient_space', untouched: expect.any(String) } });
  expect(exitCode).toBe(3);
  expect(world.registry.requests.slice(asked).filter((request) => request.endsWith('.tgz'))).toEqual([]);
  expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
  expect(readdirSync(join(world.root, 'releases'))).toEqual(['2026.6.1']);
  await world.ok('retention', '--leave-free', '50MiB');
  await world.ok('stage', '2026.6.5');
  expect(await world.ok('retention', '--defaults')).toMatchObject({
    retention: { releases: 3, bytes: null, leaveFree: 256 * MIB },
  });
});

test('on a full disk no release is blamed for its failure, and no staged release is updated to', async () => {
  const disk = smallFilesystem(2_000);
  const world = await makeWorld(undefined, { rootIn: () => join(disk, 'root') });
  world.publish('2026.6.1');
  world.publish('2026.7.1', { exitCode78: true });
  await world.start('2026.6.1');
  await world.ok('stage', '2026.7.1');
  const blamed = async () => {
    const { releases } = await world.ok('list');
    return releases
      .filter((one: { quarantine: unknown }) => one.quarantine)
      .map(({ id }: { id: string }) => id);
  };
  leaveFree(disk, 31 * MIB);
  const updated = await world.cli('update', '2026.7.1');
  expect(updated).toMatchObject({ exitCode: 3, json: { error: { code: 'insufficient_space' } } });
  const switched = await world.cli('switch', '2026.7.1');
  expect(switched).toMatchObject({
    exitCode: 5,
    json: {
      status: 'rolled_back',
      error: { code: 'insufficient_space', message: expect.stringContaining(disk) },
    },
  });
  expect(await blamed()).toEqual([]);
  leaveFree(disk, 200 * MIB);
  expect((await world.cli('switch', '2026.7.1')).json.error.code).toBe('gateway_crashed');
  expect(await blamed()).toEqual(['2026.7.1']);
});
