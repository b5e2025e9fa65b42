import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askGateway } from '../../src/openclaw/rpc-client.js';
import { atEndOfAll } from '../support/at-end.js';
import { type FakeModel, startFakeModel } from '../support/fake-model.js';
import { until } from '../support/place.js';
import { type OpenClawUnderRun, openclawUnderRun, TOKEN } from './openclaw-run.js';
import { LONG_MS } from './openclaw-story.js';

const OLD = '2026.9.5';
const NEW = '2026.9.6';

// One story: each test begins where the one before it ended.
describe('a turn of real OpenClaw under `run` that outlasts the wait of a change', () => {
  // Three real releases are 140,000 files to remove.
  const atEnd = atEndOfAll(LONG_MS);
  let model: FakeModel;
  let openclaw: OpenClawUnderRun;

  beforeAll(async () => {
    model = await startFakeModel(atEnd);
    openclaw = await openclawUnderRun(atEnd, OLD, () => model.settings);
  }, LONG_MS);

  afterAll(() =>
    console.log(
      openclaw
        ?.log()
        .split('\n')
        .filter((line) => /SIGTERM|recovery|restart/.test(line))
        .join('\n'),
    ),
  );

  async function call(method: string, params: object): Promise<unknown> {
    const endpoint = { url: openclaw.url, token: TOKEN };
    const { payload, refusal } = await askGateway(
      endpoint,
      { method, params, scope: 'operator.admin' },
      30_000,
    );
    if (payload === null) throw new Error(`${method}: ${refusal ?? 'no answer'}`);
    return payload;
  }

  /** Begins a turn that gets no answer from its model before the gateway ends, and then makes the change. */
  async function changeDuringTurn(session: string, ...change: string[]) {
    const answer = model.hold();
    const asked = model.asked.length;
    const logged = openclaw.log().length;
    const words = () => openclaw.log().slice(logged);
    await call('chat.send', {
      sessionKey: session,
      message: `Please answer ${session}.`,
      idempotencyKey: session,
    });
    await until('the model is asked', () => model.asked.length > asked, 60_000);
    const changing = openclaw.ok(...change, '--idle-timeout', '2', '--settle', '1');
    // The turn that continues is answered at once.
    await until('the gateway ends', () => words().includes('received SIGTERM'), LONG_MS);
    await until('the turn was cut off', () => /The gateway was started as/.test(words()), 120_000);
    answer();
    const document = await changing;
    await until(
      'the turn is answered after the restart',
      async () => JSON.stringify(await call('chat.history', { sessionKey: session })).includes('Very well.'),
      120_000,
    );
    return { document, words: words() };
  }

  test.each([
    ['an update that migrates the state', 'agent:main:first', () => ['update', NEW]],
    ['an update', 'agent:main:second', () => ['update', tarball()]],
    ['a rollback', 'agent:main:third', () => ['rollback']],
  ])(
    '%s is a restart for the gateway, and the turn is answered after it',
    async (_, session, change) => {
      if (session === 'agent:main:second') await pack();
      const { document, words } = await changeDuringTurn(session, ...change());
      expect(document.status).toBe('package_updated_restart_verified');
      expect(document.steps.find(({ name }: { name: string }) => name === 'restart').note).toMatch(
        /^announced to the gateway; the old process ended after/,
      );
      expect(document.idle.interruptedWork).toEqual(
        expect.arrayContaining([expect.stringContaining(`session ${session}`)]),
      );
      expect(words).toMatch(/received SIGTERM; restarting/);
      expect(words).not.toMatch(/received SIGTERM; shutting down/);
    },
    LONG_MS,
  );

  async function pack(): Promise<void> {
    await execa('npm', ['pack', `openclaw@${NEW}`, '--pack-destination', openclaw.place], {
      env: openclaw.env,
      extendEnv: false,
      cwd: openclaw.place,
    });
  }

  /** A copy of the release, as another one: only so does the older one read today's state. */
  function tarball(): string {
    return join(openclaw.place, readdirSync(openclaw.place).find((name) => name.endsWith('.tgz')) ?? '');
  }
});
