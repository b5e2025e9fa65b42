import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { bootId, identify } from '../../../src/host/process.js';
import { breakDead } from '../../../src/store/break-lock.js';
import { acquireLock, readLockOwner } from '../../../src/store/lock.js';
import { ownText } from '../../../src/store/owner-symlink.js';
import type { Root } from '../../../src/store/root.js';
import { startHolder } from '../../fixtures/lock/harness.js';
import { IMPOSTOR_NAMES, replaceBy } from '../../support/damage.js';
import { temporaryDirectory, temporaryRoot, until } from '../../support/place.js';

const clock = vi.hoisted(() => ({ stands: false }));
vi.mock('node:timers/promises', async (original) => {
  const real = await original<typeof import('node:timers/promises')>();
  const wait = (ms: number) => real.setTimeout(clock.stands ? 0 : ms);
  return { ...real, setTimeout: wait, default: { ...real, setTimeout: wait } };
});

/** An identity that no process ever had: this pid, with another start. */
const dead = (n = 1) => `${process.pid}.${n}.${bootId()}`;

/** Entries that were moved away and looked like the lock. */
const aside = (root: Root, name = 'lock') =>
  readdirSync(join(root.path, 'corrupt')).filter((other) => other.startsWith(`${name}.`));

/** Entries of the lock and its breaking in the root. */
const left = (root: Root) => readdirSync(root.path).filter((name) => name.startsWith('lock'));

const expectFree = async (root: Root) => {
  await (await acquireLock(root, 'next'))();
  expect(left(root)).toEqual([]);
};

const LOCKED = (pid: number) => ({
  code: 'locked',
  message: expect.stringMatching(new RegExp(`process ${pid} since \\d{4}-`)),
});

test('a second command is refused, with who holds the lock, since when and for what', async () => {
  const root = temporaryRoot();
  const unlock = await acquireLock(root, 'update 2026.6.1');
  await expect(acquireLock(root, 'prune')).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringMatching(new RegExp(`process ${process.pid} since \\d{4}-.*: update 2026\\.6\\.1`)),
  });
  expect(readLockOwner(root)).toEqual({
    ...identify(process.pid),
    doing: 'update 2026.6.1',
    since: expect.stringMatching(/^\d{4}-/),
  });
  await unlock();
  expect([left(root), readLockOwner(root)]).toEqual([[], null]);
  await expectFree(root);
});

test('the lock is one link that names its owner, short enough to need no block', async () => {
  const root = temporaryRoot();
  const unlock = await acquireLock(root, 'update');
  const { pid, startTicks, bootId } = identify(process.pid) ?? {};
  expect(readlinkSync(root.lock)).toBe(`${pid}.${startTicks}.${bootId}`);
  // Largest possible pid, on a machine that has been up for three thousand years.
  expect(`4194304.${'9'.repeat(14)}.${bootId}`.length).toBeLessThanOrEqual(59);
  await unlock();
});

test.each([
  ['a pid that no process has', `4194304.1.${bootId()}`],
  ['a pid that another process has now', dead()],
  [
    'another boot',
    `${process.pid}.${identify(process.pid)?.startTicks}.00000000-0000-0000-0000-000000000000`,
  ],
])('a dead owner (%s) does not block, and holds nothing', async (_, text) => {
  const root = temporaryRoot();
  symlinkSync(text, root.lock);
  expect(readLockOwner(root)).toBeNull();
  await expectFree(root);
  expect(existsSync(join(root.path, 'corrupt'))).toBe(false);
});

test.each<[string, (path: string) => void, string | null]>([
  ['a link that names no process', (path) => symlinkSync('junk', path), null],
  ['a file', (path) => writeFileSync(path, 'kept'), ''],
  ['an empty directory, as earlier versions made', (path) => mkdirSync(path), null],
  [
    'a directory with something in it',
    (path) => {
      mkdirSync(path);
      writeFileSync(join(path, 'mine'), 'kept');
    },
    'mine',
  ],
])('%s in place of the lock is moved away: nobody can hold it', async (_, make, kept) => {
  const root = temporaryRoot();
  make(root.lock);
  await expectFree(root);
  const names = aside(root);
  expect(names).toEqual([expect.stringMatching(/^lock\.\d{8}T\d+Z$/)]);
  if (kept !== null)
    expect(readFileSync(join(root.path, 'corrupt', names[0] ?? '', kept), 'utf8')).toBe('kept');
});

test('a living owner is not taken for dead, however old its lock', async () => {
  const root = temporaryRoot();
  const unlock = await acquireLock(root, 'update');
  lutimesSync(root.lock, 1, 1);
  await expect(acquireLock(root, 'next')).rejects.toMatchObject(LOCKED(process.pid));
  await unlock();
  await expectFree(root);
});

test('a record that cannot be written is no error: the link names the owner', async () => {
  const root = temporaryRoot();
  mkdirSync(join(root.lockOwner, 'in the way'), { recursive: true });
  const unlock = await acquireLock(root, 'update');
  expect(readLockOwner(root)).toMatchObject({ pid: process.pid, doing: null, since: expect.any(String) });
  await expect(acquireLock(root, 'next')).rejects.toMatchObject({
    message: expect.stringMatching(
      new RegExp(`held by process ${process.pid} since [-\\d]+ [:\\d]+ UTC\\.$`),
    ),
  });
  await unlock();
  expect(left(root)).not.toContain('lock');
});

test.each([
  [
    'of a process before',
    JSON.stringify({ ...identify(process.pid), startTicks: 1, doing: 'x', since: 'y' }),
  ],
  ['that was edited by hand', JSON.stringify({ ...identify(process.pid), doing: 1, since: null })],
  ['that was cut off', '{"pid":'],
])('a record %s is not believed', async (_, text) => {
  const root = temporaryRoot();
  const unlock = await acquireLock(root, 'update');
  writeFileSync(root.lockOwner, text);
  expect(readLockOwner(root)).toMatchObject({ pid: process.pid, doing: null });
  await unlock();
});

test('a process without a file descriptor to look with does not take a living owner for dead', () => {
  const script = `
    import { openSync } from 'node:fs';
    import { livingOwner } from ${JSON.stringify(new URL('../../../dist/store/owner-symlink.js', import.meta.url).href)};
    const alive = livingOwner(${JSON.stringify(ownText())});
    if (alive?.pid !== ${process.pid}) throw new Error('not seen to begin with');
    try { for (;;) openSync('/dev/null'); } catch {}
    try { livingOwner(${JSON.stringify(ownText())}); } catch ({ code }) { process.exitCode = code === 'EMFILE' ? 0 : 1; }
  `;
  const child = spawnSync('sh', ['-c', 'ulimit -n 64; exec "$0" --input-type=module', process.execPath], {
    input: `process.exitCode = 2;${script}`,
    encoding: 'utf8',
  });
  expect(child).toMatchObject({ status: 0, stderr: '' });
});

test('a lock that was removed by hand and taken by somebody else is not released by the one before', async () => {
  const root = temporaryRoot();
  const unlock = await acquireLock(root, 'update');
  unlinkSync(root.lock);
  const other = await startHolder(root);
  expect(await other.tell('take')).toEqual({ held: true });
  await unlock();
  await expect(acquireLock(root, 'next')).rejects.toMatchObject(LOCKED(other.pid));
});

describe('another process', () => {
  test('that is suspended keeps holding it', async () => {
    const root = temporaryRoot();
    const owner = await startHolder(root);
    await owner.tell('take');
    owner.kill('SIGSTOP');
    lutimesSync(root.lock, 1, 1);
    await expect(acquireLock(root, 'next')).rejects.toMatchObject(LOCKED(owner.pid));
    owner.kill('SIGCONT');
    expect(await owner.tell('release')).toEqual({ held: false });
    await expectFree(root);
  });

  test('that hangs between the lock and its record holds it, however long', async () => {
    const root = temporaryRoot();
    const stamp = join(temporaryDirectory(), 'stamp');
    const owner = await startHolder(root, 'hang after lock', stamp);
    const taken = owner.tell('take');
    await until('it hangs', () => existsSync(stamp));
    lutimesSync(root.lock, 1, 1);
    expect(existsSync(root.lockOwner)).toBe(false);
    await expect(acquireLock(root, 'next')).rejects.toMatchObject(LOCKED(owner.pid));
    rmSync(stamp);
    expect(await taken).toEqual({ held: true });
    expect(readLockOwner(root)).toMatchObject({ pid: owner.pid, doing: 'a test' });
    await owner.tell('release');
    await expectFree(root);
  });

  test.each([
    ['before lock', true],
    ['after lock', false],
    ['before write lock-owner.json', false],
    ['after write lock-owner.json', false],
    ['before unlock', false],
    ['after unlock', true],
  ])('that is killed %s does not block the next one', async (point, free) => {
    const root = temporaryRoot();
    const owner = await startHolder(root, `kill ${point}`);
    await owner.tell('take');
    if (point.endsWith('unlock')) await owner.tell('release');
    expect(await owner.ended).toBe('SIGKILL');
    expect(left(root).includes('lock')).toBe(!free);
    await expectFree(root);
  });

  test('that ends without releasing it takes the lock with it', async () => {
    const root = temporaryRoot();
    const owner = await startHolder(root);
    await owner.tell('take');
    await owner.tell('leave');
    expect(await owner.ended).toBeNull();
    expect(left(root)).not.toContain('lock');
    await expectFree(root);
  });

  test('that fails after it took the lock releases it', async () => {
    const root = temporaryRoot();
    const owner = await startHolder(root, 'throw after lock');
    expect(await owner.tell('take')).toMatchObject({ message: expect.stringContaining('injected') });
    await expectFree(root);
  });
});

describe('breaking a dead lock', () => {
  test('a killed breaker does not block, nor does a second breaker, killed while it broke the guard of the first', async () => {
    const root = temporaryRoot();
    symlinkSync(dead(), root.lock);
    for (let killed = 1; killed <= 3; killed++) {
      const breaker = await startHolder(root, 'kill before break lock');
      expect(await breaker.tell('take')).toBeNull();
      expect(await breaker.ended).toBe('SIGKILL');
      expect(left(root)).toHaveLength(1 + killed);
    }
    await expectFree(root);
  });

  test('a corrupt guard does not block either', async () => {
    const root = temporaryRoot();
    symlinkSync(dead(), root.lock);
    await (await startHolder(root, 'kill before break lock')).tell('take');
    const [, guard = ''] = left(root).sort();
    rmSync(join(root.path, guard));
    mkdirSync(join(root.path, guard));
    await expectFree(root);
    expect(aside(root, guard)).toHaveLength(1);
  });

  test('a guard that a killed breaker left goes with the next lock', async () => {
    const root = temporaryRoot();
    symlinkSync(dead(), join(root.path, 'lock.break-0123456789abcdef'));
    await expectFree(root);
  });

  test('a suspended breaker is alive: others are refused, and it gets the lock', async () => {
    const root = temporaryRoot();
    const stamp = join(temporaryDirectory(), 'stamp');
    symlinkSync(dead(), root.lock);
    const breaker = await startHolder(root, 'hang before break lock', stamp);
    const taken = breaker.tell('take');
    await until('it hangs', () => existsSync(stamp));
    clock.stands = true;
    onTestFinished(() => {
      clock.stands = false;
    });
    await expect(acquireLock(root, 'next')).rejects.toMatchObject(LOCKED(breaker.pid));
    rmSync(stamp);
    expect(await taken).toEqual({ held: true });
    await breaker.tell('release');
    await expectFree(root);
  });

  test('a late breaker finds another lock and leaves it alone', async () => {
    const root = temporaryRoot();
    const stamp = join(temporaryDirectory(), 'stamp');
    symlinkSync(dead(), root.lock);
    const late = await startHolder(root, 'hang before break lock', stamp);
    const taken = late.tell('take');
    await until('it hangs', () => existsSync(stamp));
    unlinkSync(root.lock);
    const unlock = await acquireLock(root, 'somebody else');
    rmSync(stamp);
    expect(await taken).toMatchObject(LOCKED(process.pid));
    expect(readLockOwner(root)?.doing).toBe('somebody else');
    await unlock();
    await expectFree(root);
  });

  test('a lock whose owner lives is not broken', async () => {
    const root = temporaryRoot();
    const unlock = await acquireLock(root, 'update');
    expect(breakDead(root)).toEqual(identify(process.pid));
    expect(left(root)).toContain('lock');
    await unlock();
  });

  test('one of four processes that find it at once gets the lock, again and again', async () => {
    const root = temporaryRoot();
    const stamps = temporaryDirectory();
    const processes = await Promise.all(Array.from({ length: 4 }, () => startHolder(root)));
    for (let round = 1; round <= 20; round++) {
      // A breaker has died, too, in some rounds.
      if (round % 10 === 0) {
        symlinkSync(dead(round), root.lock);
        await (await startHolder(root, 'kill before break lock', join(stamps, `${round}`))).tell('take');
      } else if (round % 10 === 5) mkdirSync(root.lock);
      else symlinkSync(dead(round), root.lock);
      const said = await Promise.all(processes.map((one) => one.tell('take')));
      const winner = processes[said.findIndex((answer) => answer?.held)];
      expect(said.filter((answer) => answer?.held)).toHaveLength(1);
      for (const answer of said) if (!answer?.held) expect(answer).toMatchObject(LOCKED(winner?.pid ?? -1));
      expect(await winner?.tell('release')).toEqual({ held: false });
      expect(left(root)).toEqual([]);
    }
  });
});

test.each(IMPOSTOR_NAMES)('a holder is named by its lock alone when lock-owner.json is %s', async (how) => {
  const root = temporaryRoot();
  const unlock = await acquireLock(root, 'test');
  replaceBy(root.lockOwner, how);
  expect(readLockOwner(root)).toMatchObject({ pid: process.pid, doing: null });
  await unlock();
});
