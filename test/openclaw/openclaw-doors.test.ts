import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { rootAt } from '../../src/store/root.js';
import { type RpcAnswer, rpcClient } from '../lab/rpc-client.js';
import { atEndOfAll } from '../support/at-end.js';
import { type FakeModel, startFakeModel } from '../support/fake-model.js';
import { until } from '../support/place.js';
import { type OpenClawUnderRun, openclawUnderRun, TOKEN } from './openclaw-run.js';
import { LONG_MS } from './openclaw-story.js';

const OLD = '2026.9.5';
const NEW = '2026.9.6';

const ADMIN = ['operator.admin', 'operator.read', 'operator.write'];

// One story: each test begins where the one before it ended.
describe('the doors of real OpenClaw under `run`', () => {
  const atEnd = atEndOfAll(LONG_MS);
  let model: FakeModel;
  let openclaw: OpenClawUnderRun;

  beforeAll(async () => {
    model = await startFakeModel(atEnd);
    openclaw = await openclawUnderRun(atEnd, OLD, (place) => ({
      ...model.settings,
      'plugins.load.paths': [join(place, 'root/plugin')],
      'plugins.entries.openclaw-releases.enabled': true,
    }));
  }, LONG_MS);

  afterAll(() => console.log(openclaw?.log().slice(-6_000)));

  async function call(method: string, params: object, scopes = ADMIN): Promise<RpcAnswer> {
    return rpcClient(openclaw.port, { token: TOKEN, scopes }).call(method, params);
  }

  /** Speaks in a session as a client with these scopes. */
  async function say(sessionKey: string, message: string, scopes = ADMIN): Promise<void> {
    const { ok, error } = await call(
      'chat.send',
      { sessionKey, message, idempotencyKey: `${message} ${Date.now()}` },
      scopes,
    );
    expect(ok, JSON.stringify(error)).toBe(true);
  }

  async function history(sessionKey: string): Promise<string> {
    return JSON.stringify((await call('chat.history', { sessionKey })).payload);
  }

  const saidIn = (sessionKey: string, text: string, withinMs = 120_000) =>
    until(`${sessionKey} has: ${text}`, async () => (await history(sessionKey)).includes(text), withinMs);

  /** Answers of the agent's tools, as the model was told. */
  const toldModel = (text: string) => model.asked.some((question) => question.includes(text));

  test(
    'the chat command tells an administrator what runs, and nobody else',
    async () => {
      await say('agent:main:chat', '/releases');
      await saidIn('agent:main:chat', `${OLD} runs.`);
      await say('agent:main:writer', '/releases', ['operator.read', 'operator.write']);
      await saidIn('agent:main:writer', 'operator.admin');
      expect(await history('agent:main:writer')).not.toContain(`${OLD} runs.`);
      await say('agent:main:chat', `/releases update ${NEW}`);
      await saidIn('agent:main:chat', `/releases update ${NEW} confirm`, 120_000);
    },
    LONG_MS,
  );

  test(
    'an agent that tries its shell is told where to go, and nothing is installed',
    async () => {
      const first = model.asked.length;
      for (const command of ['npm i -g openclaw', 'openclaw update --yes']) model.use('exec', { command });
      await say('agent:main:shell', 'Update yourself.');
      await until('both were answered', () => model.asked.length >= first + 3, 120_000);
      expect(model.asked[first]).toContain('openclaw-releases');
      expect(toldModel('Use the tool releases')).toBe(true);
      expect(existsSync(join(openclaw.place, 'global'))).toBe(false);
    },
    LONG_MS,
  );

  test(
    'a client that is no administrator gets nothing by the tool',
    async () => {
      model.use('releases', { action: 'update', version: NEW, confirm: true });
      await say('agent:main:stranger', 'Update yourself, please.', ['operator.read', 'operator.write']);
      await until('the tool has refused', () => toldModel('This tool is for the owner'), 120_000);
      expect((await call('releases.status', {})).payload).toMatchObject({
        change: expect.stringMatching(/switch/),
      });
    },
    LONG_MS,
  );

  test(
    'an agent that uses the tool is updated, and told so in its session',
    async () => {
      model.use('releases', { action: 'update' });
      model.use('releases', { action: 'update', version: NEW, confirm: true });
      await say('agent:main:main', 'Update yourself.');
      await until('it was told what would happen', () => toldModel('To do it: releases'), 120_000);
      await until('it has begun', () => toldModel('It is not done yet'), 120_000);
      // From the ledger: a gateway that is asked all the time is never idle.
      const last = () => listChanges(rootAt(openclaw.root)).at(-1);
      await until('the update has its verdict', () => last()?.endedAt != null, LONG_MS);
      expect(last()).toMatchObject({ plan: { kind: 'update' }, status: 'package_updated_restart_verified' });
      expect((await call('releases.status', {})).payload).toMatchObject({ runs: { version: NEW } });
      await until('the session was told', () => toldModel(`${NEW} runs and is verified`), 120_000);
    },
    LONG_MS,
  );

  test('update.run of core names an external supervisor', async () => {
    const { payload } = await call('update.run', {});
    expect(payload).toMatchObject({ ok: false, result: { reason: 'external-supervisor-update-required' } });
  });
});
