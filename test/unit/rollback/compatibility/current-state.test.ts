import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  cacheVersions,
  readCachedVersions,
  todayAtGlance,
} from '../../../../src/rollback/compatibility/current-state.js';
import { lookOf } from '../../../../src/state/fingerprint.js';
import { findStatePlace } from '../../../../src/state/place.js';
import type { StateVersions } from '../../../../src/state/versions.js';
import type { Root } from '../../../../src/store/root.js';
import type { Glance, Supervisor } from '../../../../src/supervisor/supervisor.js';
import { listing } from '../../../../src/views/releases.js';
import { nobody } from '../../../support/nobody.js';
import { database } from '../../../support/pair.js';
import { temporaryDirectory, temporaryRoot, writeTree } from '../../../support/place.js';
import { idleProcess } from '../../../support/process.js';
import { sealTinyRelease } from '../../../support/release.js';

const VERSIONS: StateVersions = { databases: { 'state/openclaw.sqlite': 18 }, config: null };
const START = 'this start';

describe('a gateway that is seen without asking its supervisor', () => {
  let root: Root;
  let home: string;
  let seen: Glance;

  beforeEach(async () => {
    root = temporaryRoot();
    home = temporaryDirectory('home');
    for (const state of ['.openclaw', '.openclaw-work']) {
      mkdirSync(join(home, state));
      writeTree(home, { [`${state}/openclaw.json`]: '{}', [`${state}/state/openclaw.sqlite`]: database(18) });
    }
    const pid = await idleProcess({ OPENCLAW_RELEASES_RELEASE: join(root.releases, '2026.6.1') });
    seen = { pid, instance: START, env: { HOME: home } };
  });

  /** Caches what a command finds that asks the supervisor. */
  function keep(args: string[] = [], instance = START): void {
    const place = findStatePlace({ args, env: { HOME: home } });
    cacheVersions(root, lookOf(place, VERSIONS, instance), VERSIONS);
  }

  const supervisor = (glance: () => Glance | null): Supervisor => ({ ...nobody, peek: glance });
  const look = (glance: () => Glance | null = () => seen) => todayAtGlance(root, supervisor(glance));

  test('is enough while its state looks as it did at the same start', () => {
    keep();
    expect(look()).toEqual({ running: '2026.6.1', versions: VERSIONS });
    writeTree(home, { '.openclaw/state/openclaw.sqlite': database(19) });
    expect(look()).toBeNull();
  });

  test.each<[string, () => unknown]>([
    ['has no cached look', () => {}],
    ['has been started again since', () => keep([], 'the start before')],
    ['has arguments that name another state', () => keep(['gateway', '--profile', 'work'])],
    [
      'is of another root',
      async () => {
        keep();
        seen.pid = await idleProcess({ OPENCLAW_RELEASES_RELEASE: join(home, 'releases/2026.6.1') });
      },
    ],
  ])('is not enough when it %s', async (_what, happen) => {
    await happen();
    expect(look()).toBeNull();
  });

  test('is not enough without a cached look, without a running gateway, or when looking fails', () => {
    keep();
    expect(look(() => null)).toBeNull();
    expect(todayAtGlance(root, nobody)).toBeNull();
    expect(
      look(() => {
        throw new Error('too many open files');
      }),
    ).toBeNull();
  });

  test('is listed as running, and its supervisor is not asked', async () => {
    await sealTinyRelease(root, '2026.6.1');
    const marks = async () =>
      (
        await listing(
          root,
          supervisor(() => seen),
        )
      ).releases.map((one) => one.marks);
    expect(await marks()).toEqual([[]]);
    keep();
    expect(await marks()).toEqual([['running']]);
  });
});

describe("the cache of the state's versions", () => {
  test.each(['', '{"schema": 2}', 'x', '{"schema":1,"look":""}', '{"schema":1,"look":"","today":null}'])(
    'is replaced when it is corrupt: %j',
    (text) => {
      const root = temporaryRoot();
      writeFileSync(join(root.path, 'compatibility.json'), text);
      expect(readCachedVersions(root)).toBeNull();
      cacheVersions(root, 'a look', VERSIONS);
      expect(readCachedVersions(root)).toEqual({ look: 'a look', versions: VERSIONS });
    },
  );

  test('is optional: a root that cannot be written is only read', () => {
    const root = temporaryRoot();
    mkdirSync(join(root.path, 'compatibility.json'));
    cacheVersions(root, 'a look', VERSIONS);
    expect(readCachedVersions(root)).toBeNull();
  });
});
