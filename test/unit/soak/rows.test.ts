import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Facts } from '../../../src/ledger/facts.js';
import { newChange, saveChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { prepareRoot } from '../../../src/store/root.js';
import { Rows } from '../../soak/rows.js';
import { temporaryRoot } from '../../support/place.js';
import type { Arena } from '../../torture/arena.js';

/** Rows that a gateway has taken, in memory, with states that were displaced. */
function soakOf() {
  const root = temporaryRoot();
  prepareRoot(root);
  const live: string[] = [];
  const displaced = new Map<string, string[]>();
  const rows = new Rows({
    everyMs: 1,
    async write(row) {
      live.push(row);
    },
    read: async () => [...live],
    readIn: async (state) => displaced.get(state) ?? [],
  });
  const set = (...now: string[]) => {
    live.splice(0, live.length, ...now);
  };
  const recordChange = (facts: Partial<Facts>) => {
    const change = newChange(planChange('update', '2026.6.1'), {
      from: null,
      previous: null,
      to: '2026.6.1',
    });
    Object.assign(change.facts, facts);
    saveChange(root, change);
    return change.id;
  };
  const displace = (name: string, ...had: string[]) => displaced.set(join(root.states, name, 'files'), had);
  const past = { at: '2026-06-01T00:00:00.000Z', ms: 1 };
  const snapshot = (name: string) =>
    recordChange({ snapshot: { name, files: 1, bytes: 1, scope: 'all', ...past } });
  const restore = (from: string, aside: string) => {
    const about = { schema: 1 as const, change: 'c', release: '2026.5.1', warnings: [], why: '' };
    recordChange({ stateRestored: { ...about, restored: true, from, aside, ...past } });
  };
  const check = (known: string[] = [], lateAreSafe = true) =>
    rows.check({ root } as Arena, new Set(known), lateAreSafe);
  return { rows, set, displace, snapshot, restore, check };
}

describe('rows of a soak', () => {
  test('that are all there are well', async () => {
    const { rows, check } = soakOf();
    await rows.write(3);
    expect(await check()).toEqual([]);
  });

  test('of which one is lost: it is named, and not once more at the next step', async () => {
    const { rows, set, check } = soakOf();
    await rows.write(3);
    set('row 0', 'row 2');
    expect(await check()).toEqual([
      'Acknowledged rows are lost: row 1.',
      'Rows are neither live nor displaced: row 1.',
    ]);
    expect(await check()).toEqual([]);
  });

  test.each([
    ['twice', ['row 0', 'row 0', 'row 1']],
    ['out of order', ['row 1', 'row 0']],
    ['of another gateway', ['row 0', 'row 1', 'odd']],
  ])('of which one is there %s: they are named', async (_, now) => {
    const { rows, set, check } = soakOf();
    await rows.write(2);
    set(...now);
    expect(await check()).toEqual([expect.stringContaining('strange')]);
  });

  test('that were written while a step went on are safe, unless the disk was cut off', async () => {
    for (const isSafe of [true, false]) {
      const { rows, set, check } = soakOf();
      const ending = new AbortController();
      const writing = rows.keepWriting(ending.signal);
      await expect.poll(() => rows.sent.length).toBeGreaterThan(0);
      ending.abort();
      await writing;
      set();
      expect((await check([], isSafe)).length).toBe(isSafe ? 1 : 0);
    }
  });

  test.each([
    [
      'from after a snapshot may go with its restore, where what was displaced has them',
      ['row 0'],
      ['row 0', 'row 1'],
      [],
    ],
    [
      'of a snapshot may not be missing after its restore, nor those of what was displaced',
      [],
      ['row 0'],
      ['Acknowledged rows are lost: row 0.', 'Rows are neither live nor displaced: row 1.'],
    ],
  ])('%s', async (_, live, aside, broken) => {
    const { rows, set, displace, snapshot, restore, check } = soakOf();
    await rows.write(1);
    const taken = snapshot('old');
    expect(await check()).toEqual([]);
    await rows.write(1);
    restore('old', 'aside');
    set(...live);
    displace('aside', ...aside);
    expect(await check([taken])).toEqual(broken);
  });
});
