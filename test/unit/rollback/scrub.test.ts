import { appendFileSync, chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { knownDamage, scrub } from '../../../src/rollback/scrub.js';
import { scrubItems } from '../../../src/rollback/scrub-items.js';
import { removeKept } from '../../../src/state/snapshots.js';
import { readManifest } from '../../../src/store/manifest.js';
import type { Root } from '../../../src/store/root.js';
import { acquireRunLock } from '../../../src/store/run-lock.js';
import { readScrub, writeScrub } from '../../../src/store/scrub-record.js';
import { removeTree } from '../../../src/store/seal.js';
import { flipBits, rootToFlip } from '../../support/flips.js';
import { CURRENT, NEW, OLD } from '../../support/model-root.js';
import { sealTinyRelease, TINY_NODE } from '../../support/release.js';
import { anySeed, randomFrom } from '../../torture/random.js';

const ALL = { forMs: null, olderThan: Number.POSITIVE_INFINITY };
const NODE = `runtimes/node-${TINY_NODE}`;

function damage(root: Root, path: string): void {
  chmodSync(join(root.path, path), 0o755);
  appendFileSync(join(root.path, path), ' ');
}

test('each flipped bit is found by a scrub, nothing else is accused, and nothing of it is served', async () => {
  const seed = anySeed();
  const tally = await flipBits(await rootToFlip(), 60, randomFrom(seed));
  expect(tally, `seed ${seed}`).toMatchObject({ unseen: [], accused: [], served: [] });
});

test('a scrub of a whole root accuses nothing, and says when each part was compared', async () => {
  const root = await rootToFlip();
  const run = await scrub(root, ALL);
  const states = scrubItems(root).flatMap(({ name }) => (name.startsWith('states/') ? name : []));
  expect(states).toHaveLength(1);
  const names = ['records', NODE, `releases/${OLD}`, `releases/${CURRENT}`, `releases/${NEW}`, ...states];
  expect(run).toMatchObject({ left: [], damaged: {} });
  expect(run?.compared.toSorted()).toEqual(names.toSorted());
  expect(Object.keys(readScrub(root).checked)).toHaveLength(names.length);
});

test('a scrub without time stops after one entry of a list, and the next one continues there', async () => {
  const root = await rootToFlip();
  damage(root, `releases/${OLD}/package-lock.json`);
  const [item] = scrubItems(root).filter(({ name }) => name === `releases/${OLD}`);
  const steps: unknown[] = [];
  for (let from: number | null = 0; from !== null && item; ) {
    const found = await item.compare({ from, isOver: () => true });
    steps.push(found.damage.length);
    from = found.next;
  }
  expect(steps).toEqual([0, 0, 0, 1]);

  expect((await scrub(root, { ...ALL, forMs: 0 }))?.compared).toEqual([]);
  // It keeps what an earlier piece found, and compares nothing of that again.
  damage(root, `releases/${NEW}/node_modules/openclaw/openclaw.mjs`);
  const cursor = {
    name: `releases/${NEW}`,
    next: 2,
    at: new Date().toISOString(),
    damage: ['Found earlier.'],
  };
  writeScrub(root, { schema: 1, cursor, checked: {} });
  const run = await scrub(root, ALL);
  expect(run?.compared[0]).toBe(`releases/${NEW}`);
  expect(run?.damaged).toMatchObject({
    [`releases/${OLD}`]: { damage: [expect.stringContaining('package-lock.json')] },
    [`releases/${NEW}`]: { at: cursor.at, damage: ['Found earlier.'] },
  });
  expect(readScrub(root).cursor).toBeNull();
});

test('what was compared later than asked for is left out, and the oldest comes first', async () => {
  const root = await rootToFlip();
  await scrub(root, ALL);
  expect((await scrub(root, { ...ALL, olderThan: Date.now() - 60_000 }))?.compared).toEqual([]);
  await sealTinyRelease(root, '2026.6.6');
  const again = await scrub(root, ALL);
  expect(again?.compared.at(-1)).toBe('releases/2026.6.6');
});

test('damage names what shares it, and ends with a release or a Node that is new', async () => {
  const root = await rootToFlip();
  damage(root, `${NODE}/bin/node`);
  damage(root, `releases/${NEW}/package-lock.json`);
  const run = await scrub(root, ALL);
  expect(run?.damaged).toMatchObject({
    [NODE]: {
      releases: [OLD, CURRENT, NEW],
      damage: [`Node ${TINY_NODE} has other bytes than those that were sealed.`],
    },
    [`releases/${NEW}`]: {
      releases: [NEW],
      damage: [expect.stringContaining('package-lock.json was changed')],
    },
  });
  removeTree(root, join(root.releases, NEW));
  await sealTinyRelease(root, NEW, {}, { runtime: readManifest(root, OLD).runtime });
  expect(Object.keys(knownDamage(root))).toEqual([NODE]);
});

test('what a change removes meanwhile is not accused', async () => {
  const root = await rootToFlip();
  const [snapshot] = scrubItems(root).filter(({ name }) => name.startsWith('states/'));
  const run = await scrub(root, {
    ...ALL,
    onItem(name) {
      if (name === `releases/${NEW}`) removeTree(root, join(root.releases, NEW));
      if (name === snapshot?.name) removeKept(root, name.slice('states/'.length));
    },
  });
  expect(run?.damaged).toEqual({});
});

test('a second scrub at the same time does nothing, and a corrupt memory is moved aside', async () => {
  const root = await rootToFlip();
  const done = acquireRunLock(root, 'scrub');
  expect(await scrub(root, ALL)).toBeNull();
  done?.();
  writeFileSync(join(root.path, 'scrub.json'), '{');
  expect((await scrub(root, ALL))?.damaged).toEqual({});
  rmSync(join(root.path, 'scrub.json'));
});
