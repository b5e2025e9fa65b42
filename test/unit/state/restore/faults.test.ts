import { existsSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { finishRestore } from '../../../../src/state/restore/restore.js';
import { lastRestore, readRestore } from '../../../../src/state/restore-records.js';
import { pointCurrent } from '../../../../src/store/links.js';
import { contentOf, lookBefore, makePair, NEW, OLD, type Pair, whatIsWrong } from '../../../support/pair.js';
import { removeDirectory, temporaryDirectory } from '../../../support/place.js';

/** A call that changes the disk, of an exchange. */
interface Call {
  name: string;
  /** The path that it makes or removes. */
  path: string;
  number: number;
}

const host = vi.hoisted(() => ({
  /** Answer of the kernel to a call; null lets it through. */
  answer: null as ((call: Call) => string | null) | null,
  calls: 0,
}));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const names = [
    'linkSync',
    'unlinkSync',
    'renameSync',
    'copyFileSync',
    'mkdirSync',
    'rmdirSync',
    'chmodSync',
  ];
  const asked = names.map((name) => {
    const real = fs[name as 'linkSync'];
    const call = (...args: [string, string]) => {
      const path = ['linkSync', 'renameSync', 'copyFileSync'].includes(name) ? args[1] : args[0];
      const code = host.answer?.({ name, path, number: ++host.calls }) ?? null;
      if (code === null) return real(...args);
      throw Object.assign(new Error(`${code}: injected, ${name} '${path}'`), { code });
    };
    return [name, call];
  });
  return { ...fs, ...Object.fromEntries(asked), fsyncSync: () => {} };
});
vi.mock('../../../../src/host/sync.js', () => ({ syncFilesystem: async () => {} }));
vi.mock('../../../../src/state/open-files.js', () => ({ holdersOf: () => [] }));

const ERRORS = ['EXDEV', 'EPERM', 'EBUSY', 'ENOSPC', 'EROFS', 'EIO', 'EACCES'];
/** More than the attempts that are undone before an exchange is given up. */
const RUNS = 6;

afterEach(() => {
  host.answer = null;
});

async function withPair<T>(work: (pair: Pair) => Promise<T>): Promise<T> {
  const directory = temporaryDirectory('faults', () => {});
  try {
    return await work(makePair(directory));
  } finally {
    host.answer = null;
    removeDirectory(directory);
  }
}

/** Runs `bin/restore` as each start of a launcher does, until it succeeds. */
async function startUntilDone(pair: Pair): Promise<boolean> {
  const code = {
    whyNotCurrent: () => null,
    makeCurrent: (release: string) => pointCurrent(pair.root, release),
  };
  for (let run = 0; run < RUNS; run++) {
    try {
      await finishRestore(pair.root, code);
      return true;
    } catch {}
  }
  return false;
}

/** Lists the calls of an exchange that nothing disturbs. */
async function callsOf(): Promise<Call[]> {
  return withPair(async (pair) => {
    const calls: Call[] = [];
    host.calls = 0;
    host.answer = (call) => {
      calls.push({ ...call, path: call.path.slice(pair.root.path.length) });
      return null;
    };
    expect(await startUntilDone(pair)).toBe(true);
    return calls;
  });
}

/** Release whose whole state is live; the other state is whole, too. */
function wholeStateOf(pair: Pair, before: ReturnType<typeof lookBefore>): string | null {
  const live = contentOf(pair.state, 'state');
  if (isDeepStrictEqual(live, before.oldState)) return OLD;
  return isDeepStrictEqual(live, before.newState) ? NEW : null;
}

const calls = await callsOf();

/** Disturbs one call in this many; with `OPENCLAW_RELEASES_TORTURE_EVERY=1` each, which takes a minute. */
const EVERY = process.env.OPENCLAW_RELEASES_TORTURE_EVERY === '1' ? 1 : 6;
/** Each with the error that its turn brings. */
const disturbed = calls.flatMap((call, at) =>
  at % EVERY === 0 ? [{ ...call, code: ERRORS[at % ERRORS.length] ?? '' }] : [],
);

test('an exchange makes the calls that are disturbed here', () => {
  const count = (name: string) => calls.filter((call) => call.name === name).length;
  expect(count('linkSync')).toBeGreaterThanOrEqual(20);
  expect(count('unlinkSync')).toBeGreaterThanOrEqual(5);
  expect(count('mkdirSync')).toBeGreaterThanOrEqual(8);
});

test('an exchange that meets an error once, at any call, ends with the whole older state', async () => {
  for (const { number, name, path, code } of disturbed) {
    const where = `${code}, call ${number}: ${name} ${path}`;
    await withPair(async (pair) => {
      const before = lookBefore(pair);
      host.calls = 0;
      host.answer = (call) => (call.number === number ? code : null);
      expect(await startUntilDone(pair), where).toBe(true);
      // What is used up may stay in staging, for the next change to remove.
      const wrong = whatIsWrong(pair, before).filter((fault) => !fault.startsWith('staging'));
      expect(wrong, where).toEqual([]);
    });
  }
});

test('an exchange that meets an error at one path, each time, ends with one whole state and its release', async () => {
  for (const bad of disturbed) {
    const where = `${bad.code}, always: ${bad.name} ${bad.path}`;
    await withPair(async (pair) => {
      const before = lookBefore(pair);
      host.answer = ({ name, path }) =>
        name === bad.name && path.slice(pair.root.path.length) === bad.path ? bad.code : null;
      const ended = await startUntilDone(pair);
      const release = wholeStateOf(pair, before);
      expect(release, where).not.toBeNull();
      if (!ended) return expect(readRestore(pair.root), where).not.toBeNull();
      expect(basename(readlinkSync(pair.root.current)), where).toBe(release);
      expect(existsSync(pair.root.restore), where).toBe(false);
      if (release === NEW) {
        expect(lastRestore(pair.root), where).toMatchObject({ restored: false });
        expect(existsSync(join(pair.root.states, pair.restore.from, 'state.json')), where).toBe(true);
      }
    });
  }
});

test('an exchange that cannot go on, and fails once at any call of its way back, ends with the whole newer state', async () => {
  const last = calls.findLast(({ name }) => name === 'linkSync')?.path;
  let number = 1;
  for (let isReached = true; isReached; number += 2 * EVERY) {
    const where = `call ${number} of the way back`;
    await withPair(async (pair) => {
      const before = lookBefore(pair);
      let back = -1;
      host.answer = ({ name, path }) => {
        if (name === 'linkSync' && path.slice(pair.root.path.length) === last) {
          back = Math.max(back, 0);
          return 'EIO';
        }
        return back >= 0 && ++back === number ? 'EPERM' : null;
      };
      expect(await startUntilDone(pair), where).toBe(true);
      expect(wholeStateOf(pair, before), where).toBe(NEW);
      expect(basename(readlinkSync(pair.root.current)), where).toBe(NEW);
      isReached = back >= number;
    });
  }
  expect(number).toBeGreaterThan(100);
});

test('an exchange that is given up says why, and leaves one name to each file', async () => {
  await withPair(async (pair) => {
    const before = lookBefore(pair);
    host.answer = ({ name, path }) =>
      name === 'linkSync' && path === join(pair.state, 'tasks/runs.sqlite') ? 'EIO' : null;
    expect(await startUntilDone(pair)).toBe(true);
    expect(wholeStateOf(pair, before)).toBe(NEW);
    expect(lastRestore(pair.root)?.why).toMatch(
      /^The state could not be exchanged: EIO: .*tasks\/runs.sqlite'\. It is as it was, and 2026\.9\.6, which it belongs to, is started\.$/,
    );
    expect(existsSync(join(pair.root.states, pair.restore.aside.name))).toBe(false);
  });
});
