import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { claimDelivery, markDelivered, undelivered } from '../../src/rpc/requests/requests.js';
import { verdictText } from '../../src/rpc/requests/result-text.js';
import { rootAt } from '../../src/store/root.js';
import { changeDocument } from '../../src/views/change.js';
import { atEndOfAll } from '../support/at-end.js';
import { callHere, rpc, untilStatus } from '../support/rpc.js';
import { makeWorld, type World } from '../support/world.js';

const atEnd = atEndOfAll();
let world: World;

/** Shared world of all tests, each of which leaves its gateway ready. */
beforeAll(async () => {
  world = await makeWorld(atEnd);
  for (const version of ['2026.5.28', '2026.6.1', '2026.6.5']) world.publish(version);
  await world.start('2026.5.28');
});

const SESSION = {
  sessionKey: 'agent:main:main',
  deliveryContext: { channel: 'discord', to: 'channel:1', accountId: 'me', threadId: 7 },
  note: 'as agreed',
  continuationMessage: 'Go on with the garden.',
};

test('update.run answers at once, update.status follows it through the restart, and the requester survives it', async () => {
  const { payload: answer } = await rpc(world, 'update.run', {
    target: '2026.6.1',
    ...SESSION,
    skipDeferral: true,
  });
  expect(answer).toMatchObject({
    ...{ ok: true, status: 'accepted', repeated: false, kind: 'update', target: '2026.6.1', error: null },
    before: { version: '2026.5.28' },
    handoff: { command: expect.stringContaining('tail -f') },
    follow: { method: 'update.status', params: { change: answer.change } },
  });
  expect(answer.phase).not.toBe('finished');
  const status = await untilStatus(world, answer.follow.params);
  expect(status).toMatchObject({
    ...{ ok: true, status: 'package_updated_restart_verified', phase: 'finished', step: null, error: null },
    ...{ before: { version: '2026.5.28' }, after: { version: '2026.6.1' }, reason: null, delivered: false },
    ...{ note: 'as agreed', runs: { version: '2026.6.1', release: '2026.6.1', ready: true } },
    session: { deliveryContext: { channel: 'discord', to: 'channel:1', accountId: 'me' }, threadId: '7' },
  });
  expect(status.downtimeMs).toBeGreaterThan(0);
  const { stopMs, startMs, loadMs } = status.outage ?? { stopMs: 0, startMs: 0, loadMs: 0 };
  expect(loadMs).toBeGreaterThan(0);
  // Each part is rounded.
  expect(Math.abs(stopMs + startMs + loadMs - (status.downtimeMs ?? 0))).toBeLessThan(3);
  expect(status.steps.find(({ name }) => name === 'restart')).toMatchObject({ state: 'done', exitCode: 0 });
  expect(listChanges(rootAt(world.root)).at(-1)?.plan).toMatchObject({ initiator: 'gateway' });

  const root = rootAt(world.root);
  const [told, ...more] = undelivered(root);
  expect(more).toEqual([]);
  if (!told) throw new Error('There is nothing to tell.');
  expect(verdictText(changeDocument(rootAt(world.root), told.change), told.request)).toContain(
    '2026.5.28 -> 2026.6.1',
  );
  expect(claimDelivery(root, told.request.id)).toBe(true);
  expect(claimDelivery(root, told.request.id), 'another one at the same time').toBe(false);
  markDelivered(root, told.request.id);
  expect(claimDelivery(root, told.request.id), 'another one later').toBe(false);
  expect(undelivered(root)).toEqual([]);
  expect((await rpc(world, 'update.status', { requestId: answer.requestId })).payload.delivered).toBe(true);
  for (const name of readdirSync(root.requests)) {
    expect(statSync(join(root.requests, name)).mode & 0o077, name).toBe(0);
  }
});

test('requests on standard input are bounded and checked, and a read-only caller stays read-only', async () => {
  const world = await makeWorld();
  const forbidden = await rpc(world, 'update.run', {}, { caller: { scopes: ['operator.read'] } });
  expect(forbidden).toMatchObject({ exitCode: 3, ok: false, error: { code: 'forbidden' } });
  expect(forbidden.error.message).toBe('update.run needs operator.admin, and the caller has operator.read.');
  expect((await rpc(world, 'update.status', {}, { text: '' })).payload).toMatchObject({
    ...{
      ok: true,
      status: 'idle',
      change: null,
      runs: null,
      warnings: [expect.stringContaining('No supervisor')],
    },
  });
  const wrong = {
    '{': 'is not JSON',
    '[]': 'is no object',
    '{"caller":{"scopes":"all"}}': 'has a caller whose',
  };
  const long = JSON.stringify({ params: { note: 'x'.repeat(300_000) } });
  for (const [text, why] of [...Object.entries(wrong), [long, 'is longer than 262144 bytes'] as const]) {
    const reply = await rpc(world, 'update.run', {}, { text });
    expect(reply).toMatchObject({ exitCode: 2, ok: false, error: { code: 'params_invalid' } });
    expect(reply.error.message).toContain(why);
  }
});

test('an operator rolls back, switches, pins, holds and reads', async () => {
  const { payload: back } = await rpc(world, 'releases.rollback', { skipDeferral: true });
  expect(await untilStatus(world, { change: back.change })).toMatchObject({
    ...{ status: 'package_updated_restart_verified', kind: 'rollback', runs: { version: '2026.5.28' } },
  });
  const { payload: forth } = await rpc(world, 'releases.switch', { release: '2026.6.1', skipDeferral: true });
  expect((await untilStatus(world, { change: forth.change })).runs).toMatchObject({ version: '2026.6.1' });
  // In this process, as a gateway that mounts the library: the plugin's own way is shown above.
  const call = (method: string, params?: object) => callHere(world, method, params);
  expect(await call('releases.pin', { release: 'current' })).toMatchObject({ pins: ['2026.6.1'] });
  const until = '2099-01-01T00:00:00.000Z';
  expect(await call('releases.hold', { until, why: 'holidays' })).toMatchObject({ hold: { until } });
  expect(await call('releases.list')).toMatchObject({
    releases: expect.arrayContaining([
      expect.objectContaining({ id: '2026.6.1', marks: ['running', 'current', 'pinned'] }),
    ]),
    hold: { why: 'holidays' },
  });
  expect(await call('releases.unhold')).toMatchObject({ hold: null });
  expect(await call('releases.unpin', { release: '2026.6.1' })).toMatchObject({ pins: [] });
  expect(await call('releases.show')).toMatchObject({ id: '2026.6.1', quarantine: null });
  expect(await call('releases.verify')).toMatchObject({ ok: true, differences: [] });
  expect((await rpc(world, 'releases.check')).payload).toMatchObject({ ok: true, current: '2026.6.1' });
  const { payload: found } = await rpc(world, 'releases.check', { target: '2026.5.28' });
  expect(found).toMatchObject({ newest: { version: '2026.5.28', staged: true, fetchBytes: 0 } });
  expect((await rpc(world, 'releases.check', { target: '2020.1.1' })).error.code).toBe('version_not_found');
  expect(await call('releases.skip', { version: '2026.6.9' })).toMatchObject({ skip: ['2026.6.9'] });
  await expect(call('releases.skip', { version: 'latest' })).rejects.toMatchObject({
    code: 'params_invalid',
  });
  expect(await call('releases.timer')).toMatchObject({
    ...{ enabled: false, askedAt: expect.any(String), settings: { skip: ['2026.6.9'] } },
  });
  const again = { version: '2026.6.9', skip: false };
  expect(await call('releases.skip', again)).toMatchObject({ skip: [] });
  expect((await rpc(world, 'releases.remove', { release: 'current' })).error).toMatchObject({
    ...{ code: 'release_needed', message: '2026.6.1 is needed: current.' },
  });
  const { tags, versions } = (await rpc(world, 'releases.versions')).payload;
  expect([tags.latest, versions.map(({ version }: { version: string }) => version)]).toEqual([
    ...['2026.6.5', ['2026.6.5', '2026.6.1', '2026.5.28']],
  ]);
  expect(await call('releases.prune', { dryRun: true })).toMatchObject({
    ...{ dryRun: true, remove: [], keep: expect.arrayContaining([{ id: '2026.6.1', reason: 'current' }]) },
  });
  expect(await call('releases.history', { limit: 2 })).toMatchObject({
    changes: [{ kind: 'rollback' }, { kind: 'switch' }],
  });
  expect(await call('releases.status')).toMatchObject({
    ...{ change: forth.change, host: { current: '2026.6.1', trial: null } },
  });
});
