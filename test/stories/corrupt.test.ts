import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readRecord } from '../../src/core/record.js';
import { changeIds, changePath, tryReadChange } from '../../src/store/change-files.js';
import { findCorrupt } from '../../src/store/corrupt.js';
import { currentRelease } from '../../src/store/links.js';
import { tryReadManifest } from '../../src/store/manifest.js';
import { pin, tryReadPolicy } from '../../src/store/policy.js';
import { type Root, rootAt } from '../../src/store/root.js';
import { atEndOfAll } from '../support/at-end.js';
import { type DamageName, damage, expectKept, snapshot } from '../support/damage.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

/** Commands that only read, with the exit code that says that they could. */
const LOOKS: [string[], number][] = [
  [['status'], 0],
  [['list'], 0],
  [['history'], 0],
  [['doctor'], 7],
  // It refuses: what to keep may have been in one of them.
  [['prune', '--dry-run'], 3],
];

/** Runs a command, and reads everything that it has written as soon as it is there. */
async function watched(...args: string[]): Promise<number> {
  let looks = 0;
  let ended = false;
  const command = world.ok(...args).finally(() => {
    ended = true;
  });
  while (!ended) {
    expect(findCorrupt(root)).toEqual([]);
    looks += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await command;
  return looks;
}

const atEnd = atEndOfAll();
let world: World;
let root: Root;
const manifest = (id: string) => join(root.releases, id, 'release.json');

/** One world for all, because its start takes longest; a test takes what is current there and does not mind what it is. */
beforeAll(async () => {
  world = await makeWorld(atEnd);
  root = rootAt(world.root);
  for (const version of ['2026.5.1', '2026.6.1', '2026.6.3', '2026.7.1', '2026.7.2']) world.publish(version);
  for (const version of ['2026.6.5', '2026.8.1']) world.publish(version, { crashAfterMs: 100 });
  await world.ok('stage', '2026.5.1');
  await world.start('2026.6.1');
});

test('everything that an update, a rollback and a failed update write passes its schema at every moment', async () => {
  const before = changeIds(root).length;
  expect(await watched('update', '2026.6.3', ...QUICK)).toBeGreaterThan(10);
  await watched('rollback', ...QUICK);
  expect(await world.cli('update', '2026.6.5', ...QUICK)).toMatchObject({ exitCode: 5 });
  pin(root, '2026.6.3');
  expect(findCorrupt(root)).toEqual([]);
  expect(changeIds(root)).toHaveLength(before + 3);
  for (const id of changeIds(root)) expect(tryReadChange(root, id)).toMatchObject({ state: 'ok' });
  for (const id of readdirSync(root.releases))
    expect(tryReadManifest(root, id)).toMatchObject({ state: 'ok' });
  expect(tryReadPolicy(root)).toMatchObject({
    state: 'ok',
    value: { pins: ['2026.6.3'], quarantine: { '2026.6.5': { cause: { code: 'gateway_crashed' } } } },
  });
});

test('reading commands report damaged files; recovery and the next update continue without them', async () => {
  const current = currentRelease(root) ?? '';
  const rounds: [string, boolean, [string, DamageName][]][] = [
    [
      '2026.7.1',
      true,
      [
        [root.policy, 'of another shape'],
        [manifest('2026.5.1'), 'binary junk'],
        [changePath(root, changeIds(root)[0] ?? ''), 'truncated at half'],
        [manifest(current), 'zero-filled'],
      ],
    ],
    [
      '2026.7.2',
      false,
      [
        [root.policy, 'a directory'],
        [root.current, 'a directory'],
        [root.previous, 'empty'],
        [manifest(current), 'schema 2'],
      ],
    ],
  ];
  for (const [next, recoverFirst, damages] of rounds) {
    for (const [path, how] of damages) {
      if (path === root.policy) pin(root, '2026.5.1');
      damage(path, how);
    }
    const paths = damages.map(([path]) => path).sort();
    const before = snapshot(root.path);
    const looks = recoverFirst ? LOOKS : LOOKS.slice(0, 1);
    const answers = await Promise.all(looks.map(([args]) => world.cli(...args)));
    for (const [at, [args, exitCode]] of looks.entries()) {
      const answer = answers[at];
      expect(answer?.exitCode, `${args.join(' ')}: ${answer?.stdout}${answer?.stderr}`).toBe(exitCode);
      if (!answer?.json.corrupt) continue;
      expect(answer.json.corrupt.map(({ path }: { path: string }) => path).sort()).toEqual(paths);
    }
    expect(snapshot(root.path), 'looking wrote nothing').toEqual(before);

    if (recoverFirst) {
      await world.ok('recover');
      expect(await world.ok('status')).toMatchObject({ corrupt: [], current });
    }
    expect(await world.ok('update', next, ...QUICK)).toMatchObject({
      status: 'package_updated_restart_verified',
    });
    expect(await world.ok('status')).toMatchObject({ corrupt: [], current: next, trial: null });
    expect(await world.version()).toBe(next);
    expectKept(root.path, before, paths);
  }
  expect((await world.cli('verify', '2026.5.1')).exitCode).toBe(0);
  expect(readRecord(manifest('2026.5.1'), 'release')).toMatchObject({ value: { signature: 'unchecked' } });
});
