import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { until, writeTree } from '../support/place.js';
import { makeWorld, type World } from '../support/world.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const TEXT = readFileSync(join(REPOSITORY, 'docs/gateway.mjs'), 'utf8');
const TOKENS = { ADMIN_TOKEN: 'of-an-operator', READ_TOKEN: 'of-a-reader' };

/** Starts the gateway of the documents beside an installed package; returns a caller of its methods. */
async function exampleGateway(world: World) {
  const directory = writeTree(join(world.path, 'example'), { 'gateway.mjs': TEXT, 'node_modules/.keep': '' });
  symlinkSync(REPOSITORY, join(directory, 'node_modules/openclaw-releases'));
  const gateway = execa(world.node, ['gateway.mjs'], {
    ...{ cwd: directory, extendEnv: false, reject: false, all: true },
    env: { ...world.env, ...TOKENS, PORT: '0' },
  });
  onTestFinished(async () => {
    gateway.kill();
    await gateway;
  });
  let said = '';
  gateway.all.on('data', (chunk) => {
    said += chunk;
  });
  await until('the example listens', () => /listening on \d+/.test(said));
  const url = `http://127.0.0.1:${/listening on (\d+)/.exec(said)?.[1]}/rpc`;
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
  return async (token: string | null, body: object | string): Promise<{ status: number; body: any }> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { connection: 'close', ...(token !== null && { authorization: `Bearer ${token}` }) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
}

test('the gateway of the documents is short, and updates by update.run for an operator alone', async () => {
  expect(TEXT.trim().split('\n').length).toBeLessThanOrEqual(60);
  const world = await makeWorld();
  for (const version of ['2026.6.1', '2026.6.5']) world.publish(version);
  await world.start('2026.6.1');
  const call = await exampleGateway(world);
  const [admin, reader] = [TOKENS.ADMIN_TOKEN, TOKENS.READ_TOKEN];
  const update = { method: 'update.run', params: { target: '2026.6.5' } };

  for (const token of [null, '', 'undefined', 'of-nobody'])
    expect((await call(token, update)).status).toBe(401);
  expect(await call(reader, update)).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
  expect(await call(admin, '{')).toMatchObject({ status: 400, body: { ok: false } });
  expect(await call(admin, { method: 'no.such' })).toMatchObject({ status: 404 });
  expect(await call(admin, { method: 'update.run', params: { target: 7 } })).toMatchObject({
    status: 400,
    body: { error: { code: 'params_invalid', message: expect.stringContaining('target') } },
  });
  expect(await call(reader, { method: 'ping' })).toEqual({
    status: 200,
    body: { ok: true, payload: { ok: true } },
  });
  expect((await call(reader, { method: 'update.status' })).body.payload.runs.version).toBe('2026.6.1');

  const { body } = await call(admin, update);
  expect(body).toMatchObject({ ok: true, payload: { status: 'accepted', change: expect.any(String) } });
  const status = async () =>
    (await call(reader, { method: 'update.status', params: { change: body.payload.change } })).body.payload;
  await until('it has its verdict', async () => (await status()).phase === 'finished', 60_000);
  expect(await status()).toMatchObject({
    ...{ status: 'package_updated_restart_verified', runs: { version: '2026.6.5' } },
    requests: [{ by: 'operator' }],
  });
});
