import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { exclusive } from '../../../src/change/exclusive.js';
import { tell } from '../../../src/change/tell.js';
import { within } from '../../../src/host/wait.js';
import { newChange, ownIdentity, saveChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { acquireLock } from '../../../src/store/lock.js';
import { setSignatures } from '../../../src/store/policy.js';
import { prepareRoot, type Root, rootAt } from '../../../src/store/root.js';
import { temporaryDirectory, temporaryRoot } from '../../support/place.js';

vi.mock('../../../src/change/tell.js', () => ({ tell: vi.fn() }));

const supervisor = { inspect: () => Promise.reject(new Error('There is none.')) } as never;

test.each([
  [{ recover: false, atBoot: false }, 0],
  [{ recover: true, atBoot: true }, 0],
  [{ recover: true, atBoot: false }, 1],
])(
  'verdicts are told after work with a recovery, but not at boot: %j',
  async ({ recover, atBoot }, times) => {
    vi.mocked(tell).mockReset();
    const environment = { root: temporaryRoot(), supervisor, atBoot };
    await exclusive(environment, { doing: 'a test', recover }, () => {});
    expect(tell).toHaveBeenCalledTimes(times);
    const failing = exclusive(environment, { doing: 'a test', recover }, () =>
      Promise.reject(new Error('no')),
    );
    await expect(failing).rejects.toThrow('no');
    expect(tell).toHaveBeenCalledTimes(2 * times);
  },
);

test.each([
  ['is gone, with what is above it', () => {}, false],
  ['stays where something is in it', (root: Root) => setSignatures(root, 'required'), true],
])('a root that a refused command has made %s', async (_, put, stays) => {
  const place = temporaryDirectory('new');
  const root = rootAt(join(place, 'share/claw/root'));
  const refused = exclusive({ root, supervisor }, { doing: 'a test', recover: false }, () => {
    put(root);
    throw new Error('no');
  });
  await expect(refused).rejects.toThrow('no');
  expect(readdirSync(place)).toEqual(stays ? ['share'] : []);
  expect(existsSync(root.path)).toBe(stays);
});

test('a root that was there stays, though it is empty', async () => {
  const root = temporaryRoot();
  mkdirSync(root.path, { recursive: true, mode: 0o700 });
  const refused = exclusive({ root, supervisor }, { doing: 'a test', recover: false }, () =>
    Promise.reject(new Error('no')),
  );
  await expect(refused).rejects.toThrow('no');
  expect(existsSync(root.changes)).toBe(true);
});

describe('where another process holds the lock', () => {
  const ended = { status: 'staged', endedAt: '2026-06-01T00:00:00.000Z' } as const;
  const other = { pid: 1, startTicks: 0, bootId: '' };

  async function held(change: { status?: 'staged'; endedAt?: string; owner?: typeof other }) {
    const root = temporaryRoot();
    prepareRoot(root);
    const facts = { from: null, previous: null, to: '2026.6.1' };
    const made = newChange(planChange('update', '2026.6.1'), facts);
    saveChange(root, Object.assign(made, { owner: ownIdentity() }, change));
    const unlock = await acquireLock(root, 'the update');
    const next = exclusive({ root, supervisor }, { doing: 'the next', recover: false }, () => 'made');
    return { unlock, next };
  }

  test('whose change has its verdict, it is waited for', async () => {
    const { unlock, next } = await held(ended);
    expect(await within(next, 500), 'not before it has let go').toBe(false);
    await unlock();
    expect(await next).toBe('made');
  });

  test.each([
    ['whose change has no verdict', {}],
    ['and the last verdict is that of a third', { ...ended, owner: other }],
  ])('%s, the command is refused at once', async (_, change) => {
    const { next } = await held(change);
    await expect(next).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining('the update'),
    });
  });
});
