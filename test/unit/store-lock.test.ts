import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { identify } from '../../src/host/process.js';
import { acquireLock, readLockOwner } from '../../src/store/lock.js';
import { temporaryRoot } from '../support/place.js';

function leaveLock(root: ReturnType<typeof temporaryRoot>, owner: object): void {
  mkdirSync(root.lock);
  writeFileSync(root.lockOwner, JSON.stringify(owner));
}

test('a second one is refused and told who holds it, since when, doing what', async () => {
  const root = temporaryRoot();
  const unlock = await acquireLock(root, 'update 2026.6.1');
  await expect(acquireLock(root, 'prune')).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringMatching(new RegExp(`process ${process.pid} since \\d{4}-.*update 2026\\.6\\.1`)),
  });
  await unlock();
  expect([existsSync(root.lock), readLockOwner(root)]).toEqual([false, null]);
  await (await acquireLock(root, 'prune'))();
});

test.each([
  ['a pid that no process has', { pid: 0x3fffff, startTicks: 1, bootId: identify(process.pid)?.bootId }],
  ['a pid that another process has now', { ...identify(process.pid), startTicks: 1 }],
  ['another boot', { ...identify(process.pid), bootId: 'before' }],
])('a dead owner (%s) does not block', async (_, owner) => {
  const root = temporaryRoot();
  leaveLock(root, { ...owner, doing: 'update', since: 'then' });
  await (await acquireLock(root, 'next'))();
});

test('a living owner is not taken for dead, however old its lock', async () => {
  const root = temporaryRoot();
  leaveLock(root, { ...identify(process.pid), doing: 'update', since: 'long ago' });
  utimesSync(root.lock, 1, 1);
  await expect(acquireLock(root, 'next')).rejects.toMatchObject({ code: 'locked' });
});

test('an owner that died before it left its name does not block', async () => {
  const root = temporaryRoot();
  mkdirSync(root.lock);
  utimesSync(root.lock, 1, 1);
  await (await acquireLock(root, 'next'))();
});

test('of many that find a dead owner at once, one gets the lock', async () => {
  const root = temporaryRoot();
  leaveLock(root, { pid: 0x3fffff, startTicks: 1, bootId: 'x', doing: 'update', since: 'then' });
  const tries = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => acquireLock(root, `try ${n}`)));
  const won = tries.filter((result) => result.status === 'fulfilled');
  expect(won).toHaveLength(1);
  for (const { value } of won) await value();
  expect(readdirSync(root.path).filter((name) => name.startsWith('lock'))).toEqual([]);
});
