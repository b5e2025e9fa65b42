import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { METHODS } from '../../src/rpc/methods.js';
import { rootAt } from '../../src/store/root.js';
import { type RpcAnswer, rpcClient } from '../lab/rpc-client.js';
import { atEndOfAll } from '../support/at-end.js';
import { type FakeModel, startFakeModel } from '../support/fake-model.js';
import { type FakeTelegram, startFakeTelegram } from '../support/fake-telegram.js';
import { temporaryDirectory, until } from '../support/place.js';
import { type OpenClawUnderRun, openclawUnderRun, TOKEN } from './openclaw-run.js';
import { LONG_MS } from './openclaw-story.js';

const ADMIN = ['operator.admin', 'operator.read', 'operator.write'];

const VERIFIED = 'package_updated_restart_verified';

interface Line {
  /** False where a tool does not learn if the sender is the owner, and knows only an owner whom the configuration names. */
  isTold?: boolean;
  /** Verdict of the update that the agent begins. */
  verdict?: string;
  /** Reason of core's own `update.run`. */
  reason?: string;
}

/** Tests the doors of a version, from which they update to another. One story: each test begins where the one before it ended. */
export function testDoors(
  OLD: string,
  NEW: string,
  { isTold = true, verdict = VERIFIED, reason = 'external-supervisor-update-required' }: Line = {},
): void {
  const atEnd = atEndOfAll(LONG_MS);
  let model: FakeModel;
  let telegram: FakeTelegram;
  let openclaw: OpenClawUnderRun;

  beforeAll(async () => {
    model = await startFakeModel(atEnd);
    telegram = await startFakeTelegram(atEnd, temporaryDirectory('telegram', atEnd));
    openclaw = await openclawUnderRun(atEnd, OLD, (place) => ({
      ...model.settings,
      ...(!isTold && { ...telegram.settings, 'commands.ownerAllowFrom': [telegram.owner] }),
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

  test.each([[['operator.read']], [['operator.read', 'operator.write']], [['operator.approvals']], [[]]] as [
    string[],
  ][])(
    'a client with the scopes %j gets no method beyond them, and changes nothing',
    async (scopes) => {
      const changes = listChanges(rootAt(openclaw.root)).length;
      for (const [method, { scope }] of Object.entries(METHODS)) {
        if (method === 'update.status') continue;
        const { error } = await call(method, { release: '0.0.0' }, scopes);
        const isRefused = /^missing scope: /.test(error?.message ?? '');
        const said = `${method}: ${JSON.stringify(error)}`;
        if (!scopes.includes(scope)) expect(isRefused, said).toBe(true);
        // Up to 2026.6 a reader may be refused, too.
        else if (isTold) expect(isRefused, said).toBe(false);
      }
      expect(listChanges(rootAt(openclaw.root))).toHaveLength(changes);
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
    'an agent that uses the tool is updated and told so in its session, or returned where the release cannot start',
    async () => {
      model.use('releases', { action: 'update' });
      model.use('releases', { action: 'update', version: NEW, confirm: true });
      if (isTold) await say('agent:main:main', 'Update yourself.');
      else telegram.say('Update yourself.');
      await until('it was told what would happen', () => toldModel('To do it: releases'), 120_000);
      await until('it has begun', () => toldModel('It is not done yet'), 120_000);
      // From the ledger: a gateway that is asked all the time is never idle.
      const last = () => listChanges(rootAt(openclaw.root)).at(-1);
      await until('the update has its verdict', () => last()?.endedAt != null, LONG_MS);
      expect(last()).toMatchObject({ plan: { kind: 'update' }, status: verdict });
      const version = verdict === VERIFIED ? NEW : OLD;
      expect((await call('releases.status', {})).payload).toMatchObject({ runs: { version } });
      // 2026.6.1 drops what it is told for a session.
      if (version === OLD) return;
      await until('the session was told', () => toldModel(`${NEW} runs and is verified`), 120_000);
    },
    LONG_MS,
  );

  test('update.run of core updates nothing, and since 2026.9 names an external supervisor', async () => {
    const { payload } = await call('update.run', {});
    expect(payload).toMatchObject({ ok: false, result: { reason } });
  });
}
