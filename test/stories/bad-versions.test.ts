import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Behaviour } from '../registry/gateway-package.js';
import { atEndOfAll } from '../support/at-end.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

const GOOD = '2026.6.1';

const atEnd = atEndOfAll();
let world: World;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  world.publish(GOOD);
  await world.start(GOOD, '--stop-timeout', '2');
});

interface Bad {
  name: string;
  behaviour: Behaviour;
  exitCode: number;
  status: string;
  code: string;
  /** True when it is the release's fault. */
  quarantined: boolean;
  options?: string[];
}

const rolledBack = { exitCode: 5, status: 'rolled_back', quarantined: true };
const failed = { exitCode: 4, status: 'package_update_failed', quarantined: true };

const BAD: Bad[] = [
  { ...rolledBack, name: 'crashing at start', behaviour: { crashAtStart: true }, code: 'gateway_crashed' },
  {
    ...rolledBack,
    name: 'crashing after 5 s',
    behaviour: { crashAfterMs: 5_000 },
    code: 'gateway_crashed',
    options: ['--settle', '8'],
  },
  {
    ...rolledBack,
    name: 'refusing its configuration',
    behaviour: { exitCode78: true },
    code: 'gateway_crashed',
  },
  { ...rolledBack, name: 'never ready', behaviour: { neverReady: true }, code: 'gateway_not_ready' },
  {
    ...rolledBack,
    name: 'ready, but with a channel less',
    behaviour: { failingChannel: true },
    code: 'gateway_worse',
  },
  {
    ...rolledBack,
    name: 'answering with another version',
    behaviour: { answersVersion: '2026.1.1' },
    code: 'wrong_version',
  },
  {
    ...rolledBack,
    name: 'never ready and ignoring SIGTERM',
    behaviour: { neverReady: true, ignoreSigterm: true },
    code: 'gateway_not_ready',
  },
  {
    ...rolledBack,
    name: 'never ready and draining for ever',
    behaviour: { neverReady: true, drainForever: true },
    code: 'gateway_not_ready',
  },
  { ...failed, name: 'failing in preinstall', behaviour: { failPreinstall: true }, code: 'lifecycle_failed' },
  {
    ...failed,
    name: 'saying that it is another version',
    behaviour: { printsVersion: '2026.1.1' },
    code: 'probe_failed',
  },
  {
    name: 'needing a Node that cannot be had',
    behaviour: { engines: '>=99' },
    exitCode: 3,
    status: 'package_update_failed',
    code: 'node_unavailable',
    quarantined: false,
  },
];

test.each(BAD.map((bad, index) => ({ ...bad, version: `2026.7.${index + 1}` })))(
  'a version $name leaves the release from before running, twice',
  async ({ version, behaviour, exitCode, status, code, quarantined, options = QUICK }) => {
    world.publish(version, behaviour);
    for (const attempt of ['first', 'second']) {
      const answer = await world.cli('update', version, ...QUICK, ...options);
      expect(answer.json, attempt).toMatchObject({
        ok: false,
        status,
        to: version,
        error: { code, hint: expect.any(String) },
      });
      expect(answer.exitCode, attempt).toBe(exitCode);
      expect(answer.json.undoError).toBeNull();
      expect(await world.version(), attempt).toBe(GOOD);
      expect(await world.ok('status')).toMatchObject({
        current: GOOD,
        previous: null,
        trial: null,
        gateway: { release: GOOD, state: 'running', health: { ready: true } },
        interrupted: [],
      });
      expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
    }
    if (quarantined) await refusedUnlessNamed(version, code);
  },
);

/** The tag of a release that failed here is not followed; a person may name the version. */
async function refusedUnlessNamed(version: string, code: string): Promise<void> {
  const tagged = await world.cli('update', 'latest');
  expect(tagged.json.error).toMatchObject({
    code: 'release_quarantined',
    hint: expect.stringContaining(`update ${version}`),
  });
  expect(tagged.exitCode).toBe(3);
  const listed = (await world.ok('list')).releases.find(({ id }: { id: string }) => id === version);
  if (!listed) return;
  expect(listed.marks).toEqual(['quarantined']);
  expect((await world.ok('show', version)).quarantine).toMatchObject({ cause: { code } });
}

test('a slow version that advances gets its time', async () => {
  world.publish('2026.8.1', { slowStartMs: 8_000 });
  expect(await world.ok('update', '2026.8.1', ...QUICK)).toMatchObject({
    status: 'package_updated_restart_verified',
  });
  expect(await world.version()).toBe('2026.8.1');
  await world.ok('rollback', ...QUICK);
});

test.each<[string, Behaviour]>([
  ['ignores SIGTERM', { ignoreSigterm: true }],
  ['drains for ever', { drainForever: true }],
])('a version that %s at its end is killed at the limit, and the report says so', async (name, behaviour) => {
  const version = name.startsWith('ignores') ? '2026.8.5' : '2026.8.6';
  world.publish(version, behaviour);
  await world.ok('update', version, ...QUICK);
  const left = await world.ok('rollback', GOOD, ...QUICK);
  expect(left.status).toBe('package_updated_restart_verified');
  expect(left.warnings).toEqual([expect.stringContaining('killed')]);
  expect(await world.version()).toBe(GOOD);
});
