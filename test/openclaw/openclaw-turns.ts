import { afterAll, beforeAll, expect, test } from 'vitest';
import { askGateway } from '../../src/openclaw/rpc-client.js';
import { atEndOfAll } from '../support/at-end.js';
import { type FakeModel, startFakeModel } from '../support/fake-model.js';
import { type AtEnd, until } from '../support/place.js';
import { TOKEN } from './openclaw-run.js';
import { LONG_MS } from './openclaw-story.js';

const OLD = '2026.9.5';
const NEW = '2026.9.6';

/** A gateway of real OpenClaw, and the supervisor that restarts it. */
export interface Supervised {
  url: string;
  /** Everything that supervisor and gateway have said. */
  log(): Promise<string>;
  /** Runs our command, and fails the test unless it succeeds. */
  // biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
  ok(...args: string[]): Promise<any>;
  /** Has npm pack a version of OpenClaw; the path of the archive. */
  pack(version: string): Promise<string>;
}

/**
 * Tests that a turn which outlasts the wait of a change is answered after it. One story: each test begins where the one before
 * it ended.
 * @param start a gateway of this version, whose agents ask a model by these settings
 */
export function testTurns(
  start: (atEnd: AtEnd, version: string, settings: Record<string, unknown>) => Promise<Supervised>,
): void {
  // Three real releases are 140,000 files to remove.
  const atEnd = atEndOfAll(LONG_MS);
  let model: FakeModel;
  let openclaw: Supervised;

  beforeAll(async () => {
    model = await startFakeModel(atEnd);
    openclaw = await start(atEnd, OLD, model.settings);
  }, 2 * LONG_MS);

  afterAll(async () => {
    const log = (await openclaw?.log()) ?? '';
    console.log(
      log
        .split('\n')
        .filter((line) => /SIGTERM|recovery|restart/.test(line))
        .join('\n'),
    );
  });

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
    const logged = (await openclaw.log()).length;
    const words = async () => (await openclaw.log()).slice(logged);
    await call('chat.send', {
      sessionKey: session,
      message: `Please answer ${session}.`,
      idempotencyKey: session,
    });
    await until('the model is asked', () => model.asked.length > asked, 60_000);
    const changing = openclaw.ok(...change, '--idle-timeout', '2', '--settle', '1');
    // The turn that continues is answered at once.
    await until('the gateway ends', async () => (await words()).includes('received SIGTERM'), LONG_MS);
    const isOver = /The gateway was started as|systemd.*: Stopped/;
    await until('the turn was cut off', async () => isOver.test(await words()), 120_000);
    answer();
    const document = await changing;
    await until(
      'the turn is answered after the restart',
      async () => JSON.stringify(await call('chat.history', { sessionKey: session })).includes('Very well.'),
      120_000,
    );
    return { document, words: await words() };
  }

  test.each([
    ['an update that migrates the state', 'agent:main:first', async () => ['update', NEW]],
    // A copy of the release, as another one: only so does the older one read today's state.
    ['an update', 'agent:main:second', async () => ['update', await openclaw.pack(NEW)]],
    ['a rollback', 'agent:main:third', async () => ['rollback']],
  ])(
    '%s is a restart for the gateway, and the turn is answered after it',
    async (_, session, change) => {
      const { document, words } = await changeDuringTurn(session, ...(await change()));
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
}
