import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { handle } from '../../src/rpc/handle.js';
import { listRequests, undelivered } from '../../src/rpc/requests/requests.js';
import { rootAt } from '../../src/store/root.js';
import { until } from '../support/place.js';
import { rpc, untilStatus } from '../support/rpc.js';
import { makeWorld, typed, type World } from '../support/world.js';

async function oldWorld(...others: string[]): Promise<World> {
  const world = await makeWorld();
  for (const version of ['2026.5.28', ...others]) world.publish(version);
  await world.start('2026.5.28');
  return world;
}

test('many equal requests at once, by version or by tag, make one change, and the others join it', async () => {
  const world = await oldWorld('2026.6.1');
  const asked = [0, 1, 2, 3, 4, 5].map((number) => {
    const what = number % 2 === 0 ? { target: '2026.6.1' } : { channel: 'stable' };
    // It stays active until all have been answered, however long that takes.
    return rpc(world, 'update.run', { ...what, restartDelayMs: 600_000 });
  });
  const answers = (await Promise.all(asked)).map(({ payload, error }) => payload ?? error);
  expect(answers.map(({ status }) => status).sort()).toEqual([
    'accepted',
    ...Array.from({ length: 5 }, () => 'joined'),
  ]);
  const [change, ...others] = new Set(answers.map((answer) => answer.change));
  expect(others).toEqual([]);
  await world.ok('restart-now');
  expect((await untilStatus(world, { change })).status).toBe('package_updated_restart_verified');
  const updates = listChanges(rootAt(world.root)).filter(({ plan }) => plan.kind === 'update');
  expect(updates).toHaveLength(1);
  expect(undelivered(rootAt(world.root)), 'each of them is told').toHaveLength(6);
});

test('requests with one idempotency key are the same request: while it runs, after its end, and from many at once', async () => {
  const world = await oldWorld('2026.6.1');
  const params = { target: '2026.6.1', idempotencyKey: 'k-1', skipDeferral: true };
  const answers = await Promise.all([1, 2, 3].map(() => rpc(world, 'update.run', params)));
  expect(new Set(answers.map(({ payload }) => payload.requestId)).size).toBe(1);
  expect(answers.filter(({ payload }) => !payload.repeated)).toHaveLength(1);
  await untilStatus(world, { idempotencyKey: 'k-1' });
  await world.ok('rollback', '--settle', '0.5');
  expect((await rpc(world, 'update.run', params)).payload).toMatchObject({
    ...{ ok: true, repeated: true, status: 'package_updated_restart_verified', phase: 'finished' },
    change: answers[0]?.payload.change,
  });
  expect(await world.version()).toBe('2026.5.28');
  const other = await rpc(world, 'update.run', { ...params, target: 'latest' });
  expect(other).toMatchObject({ exitCode: 2, error: { code: 'params_invalid' } });
  expect(other.error.message).toContain('idempotencyKey was used for update 2026.6.1');
  expect(listRequests(rootAt(world.root))).toHaveLength(1);
});

test.each(['after lock', 'before write request', 'after write request'])(
  'a gateway that dies %s during a request: a second request with its key makes the change once',
  async (point) => {
    const world = await oldWorld('2026.6.1');
    const params = { target: '2026.6.1', idempotencyKey: 'k-1', skipDeferral: true };
    const env = { OPENCLAW_RELEASES_FAULT: `kill ${point}` };
    await expect(rpc(world, 'update.run', params, { env })).rejects.toThrow();
    const { payload } = await rpc(world, 'update.run', params);
    expect(payload).toMatchObject({ ok: true, status: 'accepted', repeated: false });
    expect(await untilStatus(world, { idempotencyKey: 'k-1' })).toMatchObject({
      ...{ status: 'package_updated_restart_verified', change: payload.change },
    });
    const begun = listChanges(rootAt(world.root)).filter(
      ({ plan, steps }) => plan.kind === 'update' && steps.length > 0,
    );
    expect(begun.map(({ id }) => id)).toEqual([payload.change]);
    expect(undelivered(rootAt(world.root))).toHaveLength(1);
  },
);

test('nothing begins before the caller has its answer, however long it takes to write it down', async () => {
  const world = await oldWorld('2026.6.1');
  const stamp = join(world.path, 'answers');
  const env = { OPENCLAW_RELEASES_FAULT: 'hang before answer', OPENCLAW_RELEASES_FAULT_STAMP: stamp };
  const asked = rpc(world, 'update.run', { target: '2026.6.1', skipDeferral: true }, { env });
  const root = rootAt(world.root);
  const handed = () => readdirSync(root.staging).some((name) => name.endsWith('.owner'));
  await until(
    'another process has the change, and the answer is on its way',
    () => existsSync(stamp) && handed(),
  );
  // Its first step, had it begun, would be there within milliseconds of the claim.
  const others = await rpc(world, 'update.status');
  expect(others.payload).toMatchObject({ status: 'running', step: null });
  expect(listChanges(root).at(-1)?.steps).toEqual([]);
  rmSync(stamp);
  expect(await asked).toMatchObject({
    ok: true,
    payload: { status: 'accepted', handoff: { status: 'acknowledged' } },
  });
  expect((await untilStatus(world, {})).status).toBe('package_updated_restart_verified');
  expect(readdirSync(root.staging)).toEqual([]);
});

test('another change is refused with the active one; a more urgent request does not wait; a stop ends it', async () => {
  const world = await oldWorld('2026.6.1', '2026.6.5');
  const delayed = { target: '2026.6.1', restartDelayMs: 600_000 };
  const { payload: first } = await rpc(world, 'update.run', delayed);
  const waits = await untilStatus(world, {}, ({ idle }) => idle?.restartAt != null);
  expect(waits).toMatchObject({
    status: 'running',
    step: 'wait-idle',
    phase: 'waiting',
    after: { version: null },
  });
  const refused = await rpc(world, 'update.run', { target: '2026.6.5' });
  expect(refused).toMatchObject({
    exitCode: 3,
    error: { code: 'locked', details: { change: first.change, kind: 'update', target: '2026.6.1' } },
  });
  expect(refused.error.hint).toContain(typed(world, 'cancel'));
  const stop = await rpc(world, 'releases.cancel', { change: first.change });
  expect(stop.payload).toMatchObject({ ok: true, change: first.change });
  expect(await untilStatus(world, { change: first.change })).toMatchObject({
    ...{ status: 'package_update_failed', reason: 'interrupted' },
    runs: { version: '2026.5.28' },
  });

  const { payload: second } = await rpc(world, 'update.run', delayed);
  await untilStatus(world, {}, ({ step }) => step === 'wait-idle');
  const urgent = await rpc(world, 'update.run', { target: '2026.6.1', skipDeferral: true });
  expect(urgent.payload).toMatchObject({ ok: true, status: 'upgraded', change: second.change });
  expect(await untilStatus(world, { change: second.change })).toMatchObject({
    ...{ status: 'package_updated_restart_verified', idle: { outcome: 'skipped' } },
    requests: [{ outcome: 'began' }, { outcome: 'upgraded' }],
  });
  const again = await rpc(world, 'update.run', { target: '2026.6.1' });
  expect(again.payload).toMatchObject({ ok: true, status: 'already_current', change: null });
});

test('a detached worker that is killed at once is reported as never run, with the next command', async () => {
  const world = await makeWorld();
  for (const version of ['2026.5.28', '2026.6.1']) world.publish(version);
  const supervisor = await world.start('2026.5.28');
  const begun = () => [...supervisor.stderr().matchAll(/^.*-update-.* was started as process (\d+)/gm)];
  const known = begun().length;
  const environment = { root: rootAt(world.root), acknowledgeMs: 3_000 };
  const asked = handle(environment, 'update.run', { target: '2026.6.1' });
  await until('the worker runs', () => begun().length > known);
  process.kill(Number(begun().at(-1)?.[1]), 'SIGKILL');
  expect(await asked).toMatchObject({
    ...{ ok: false, status: 'helper_never_ran', phase: 'finished', handoff: { status: 'unavailable' } },
    error: { code: 'helper_never_ran', hint: expect.any(String), untouched: 'Nothing was changed.' },
  });
});

test('a change that is not verified in the time that it was given is undone', async () => {
  const world = await oldWorld();
  world.publish('2026.7.1', { neverReady: true });
  const { payload } = await rpc(world, 'update.run', {
    target: '2026.7.1',
    timeoutMs: 1_500,
    skipDeferral: true,
  });
  const status = await untilStatus(world, { change: payload.change });
  expect(status).toMatchObject({ reason: 'timed_out', after: { version: '2026.5.28' } });
  expect(status.status).toMatch(/^(rolled_back|package_update_failed|package_updated_restart_failed)$/);
  expect(await world.version()).toBe('2026.5.28');
});
