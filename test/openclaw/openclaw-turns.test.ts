import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../src/host/port.js';
import { askGateway } from '../../src/openclaw/rpc-client.js';
import { atEndOfAll } from '../support/at-end.js';
import { type FakeModel, startFakeModel } from '../support/fake-model.js';
import { temporaryDirectory, until, writeTree } from '../support/place.js';
import { CLI } from '../support/world.js';
import { hostNetwork } from './openclaw-install.js';
import { LONG_MS } from './openclaw-story.js';

const OLD = '2026.9.5';
const NEW = '2026.9.6';
const TOKEN = 'test';

// One story: each test begins where the one before it ended.
describe('a turn of real OpenClaw under `run` that outlasts the wait of a change', () => {
  // Three real releases are 140,000 files to remove.
  const atEnd = atEndOfAll(LONG_MS);
  let model: FakeModel;
  let env: Record<string, string>;
  let url: string;
  let place: string;
  let log = '';

  beforeAll(async () => {
    place = temporaryDirectory('turns', atEnd);
    model = await startFakeModel(atEnd);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const state = writeTree(join(place, 'state'), { 'openclaw.json': JSON.stringify(configuration(port)) });
    env = {
      ...(await hostNetwork(join(place, 'npm-cache'))),
      PATH: process.env.PATH ?? '',
      HOME: writeTree(join(place, 'home'), { '.keep': '' }),
      TMPDIR: writeTree(join(place, 'tmp'), { '.keep': '' }),
      OPENCLAW_STATE_DIR: state,
      OPENCLAW_RELEASES_ROOT: join(place, 'root'),
      OPENCLAW_RELEASES_PROBE: 'version',
      OPENCLAW_NO_AUTO_UPDATE: '1',
      OPENCLAW_SUPERVISOR_MODE: 'external',
    };
    await ocr('stage', OLD);
    await ocr('switch', OLD, '--no-restart');
    const run = begin('run');
    run.all?.on('data', (chunk) => {
      log += chunk;
    });
    atEnd(async () => {
      run.kill('SIGTERM');
      await run;
    });
    await until(
      'the gateway is ready',
      async () => (await fetch(`${url}/readyz`).catch(() => null))?.ok === true,
      120_000,
    );
  }, LONG_MS);

  afterAll(() =>
    console.log(
      log
        .split('\n')
        .filter((line) => /SIGTERM|recovery|restart/.test(line))
        .join('\n'),
    ),
  );

  function configuration(port: number) {
    const settings = { 'agents.defaults.workspace': join(place, 'workspace'), ...model.settings };
    const tree: Record<string, unknown> = {
      gateway: { mode: 'local', port, bind: 'loopback', auth: { mode: 'token', token: TOKEN } },
    };
    for (const [path, value] of Object.entries(settings)) {
      const keys = path.split('.');
      const last = keys.pop() ?? '';
      let at = tree;
      for (const key of keys) {
        at[key] ??= {};
        at = at[key] as Record<string, unknown>;
      }
      at[last] = value;
    }
    return tree;
  }

  function begin(...args: string[]) {
    return execa(process.execPath, [CLI, ...args], {
      ...{ env, extendEnv: false, reject: false, stdin: 'ignore', all: true, forceKillAfterDelay: false },
      timeout: LONG_MS,
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
  async function ocr(...args: string[]): Promise<any> {
    const { exitCode, stdout, all } = await begin(...args, '--json');
    expect(exitCode, String(all)).toBe(0);
    return JSON.parse(String(stdout));
  }

  async function call(method: string, params: object): Promise<unknown> {
    const endpoint = { url, token: TOKEN };
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
    const logged = log.length;
    await call('chat.send', {
      sessionKey: session,
      message: `Please answer ${session}.`,
      idempotencyKey: session,
    });
    await until('the model is asked', () => model.asked.length > asked, 60_000);
    const changing = ocr(...change, '--idle-timeout', '2', '--settle', '1');
    // The turn that continues is answered at once.
    await until('the gateway ends', () => log.slice(logged).includes('received SIGTERM'), LONG_MS);
    await until('the turn was cut off', () => /The gateway was started as/.test(log.slice(logged)), 120_000);
    answer();
    const document = await changing;
    await until(
      'the turn is answered after the restart',
      async () => JSON.stringify(await call('chat.history', { sessionKey: session })).includes('Very well.'),
      120_000,
    );
    return { document, words: log.slice(logged) };
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
    await execa('npm', ['pack', `openclaw@${NEW}`, '--pack-destination', place], {
      env,
      extendEnv: false,
      cwd: place,
    });
  }

  /** A copy of the release, as another one: only so does the older one read today's state. */
  function tarball(): string {
    return join(place, readdirSync(place).find((name) => name.endsWith('.tgz')) ?? '');
  }
});
