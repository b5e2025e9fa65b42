import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METHODS, type Method } from '../../src/rpc/methods.js';
import { TOKEN } from '../lab/gateway.js';
import { bootMachine, type Machine, type Ran } from '../lab/machine.js';
import { type RpcAnswer, type RpcClient, rpcClient } from '../lab/rpc-client.js';
import { atEndOfAll } from '../support/at-end.js';
import { type FakeModel, startFakeModel } from '../support/fake-model.js';
import { until } from '../support/place.js';
import { type OpenClaw, UNIT } from './openclaw-gateway.js';
import { installOpenClaw } from './openclaw-install.js';
import { beginStory, LONG_MS, type Story } from './openclaw-story.js';

const VERIFIED = 'package_updated_restart_verified';

const SESSION = 'agent:main:main';

/** A status that somebody was told, or none, and what was true before the question and after the answer. */
interface Poll {
  atMs: number;
  told: RpcAnswer['payload'] | null;
  before: Truth;
  after: Truth;
}

interface Truth {
  /** True when the ledger has a verdict of the change. */
  ended: boolean;
  status: string | null;
  /** Version that answers on the port. */
  version: string | null;
}

// One story: each test begins where the one before it ended.
describe('the plugin in real OpenClaw under systemd --user', () => {
  const atEnd = atEndOfAll();
  let machine: Machine;
  let openclaw: OpenClaw;
  let story: Story;
  let model: FakeModel;
  let admin: RpcClient;
  let root: string;

  beforeAll(async () => {
    machine = await bootMachine({ atEnd });
    model = await startFakeModel(atEnd);
    openclaw = await installOpenClaw(machine, model.settings);
    story = beginStory(machine, openclaw);
    root = join(machine.claw.home, '.local/share/openclaw-releases');
    const scopes = ['operator.admin', 'operator.read', 'operator.write'];
    admin = rpcClient(openclaw.port, { token: TOKEN, scopes });
    await story.verified('adopt', '2026.5.28');
  }, LONG_MS);

  afterAll(async () => {
    if (story) console.log(await story.account());
  });

  /** OpenClaw's own command, as a login of claw types it on a host with our releases. */
  async function type(command: string): Promise<Ran> {
    const ran = await machine.run(`${join(root, 'bin/openclaw')} ${command}`, {
      ...{ env: openclaw.env, reject: false, timeoutMs: 600_000 },
    });
    story.tell(`$ openclaw ${command}\n${ran.stdout}\n${ran.stderr}\n[${ran.exitCode}]`);
    return ran;
  }

  async function get(path: string, token?: string): Promise<{ status: number; body: string }> {
    const response = await fetch(`http://127.0.0.1:${openclaw.port}${path}`, {
      headers: {
        connection: 'close',
        'x-openclaw-releases': 'page',
        ...(token && { authorization: `Bearer ${token}` }),
      },
    });
    return { status: response.status, body: await response.text() };
  }

  /** Calls a method, and fails the test unless the gateway agrees. */
  async function ask(method: Method, params?: object): Promise<RpcAnswer['payload']> {
    const { ok, payload, error } = await admin.call(method, params);
    expect(ok, `${method}: ${JSON.stringify(error)}`).toBe(true);
    return payload;
  }

  /** Every door of the plugin, in the gateway that runs. */
  async function everyDoor(version: string): Promise<void> {
    await until('the page is there', async () => (await get('/releases/api/picture')).status === 401);
    // A newer version may tell, before any output of a command, what it has just done to its state.
    const list = await type('releases list');
    const ours = await machine.run(`${story.command} list`, { env: openclaw.env });
    expect(list.exitCode).toBe(0);
    expect(list.stdout.slice(-ours.stdout.length)).toBe(ours.stdout);
    expect(list.stdout).toContain(version);

    const shell = await get('/releases');
    expect(shell.status).toBe(200);
    expect(shell.body).toContain('<title>');
    expect((await get('/releases/api/picture', 'wrong')).status).toBe(401);
    const picture = await get('/releases/api/picture', TOKEN);
    expect(picture.status, picture.body).toBe(200);
    expect(JSON.parse(picture.body)).toMatchObject({ gateway: { version, release: version }, running: null });

    const status = await ask('releases.status');
    expect(status).toMatchObject({ ok: true, runs: { version, release: version } });
    expect((await ask('releases.list')).releases.map(({ id }: { id: string }) => id)).toContain(version);
  }

  /** OpenClaw's own ways to update itself: none does, and a person is told where to go. */
  async function coresOwnDoor(version: string): Promise<void> {
    const gateway = await machine.unit(UNIT, 'user');
    const { ok, payload } = await admin.call('update.run', {});
    const { status, reason } = payload?.result ?? {};
    story.tell(`update.run of ${version}: ${JSON.stringify({ ok, of: payload?.ok, status, reason })}`);
    expect({ ok, of: payload?.ok, status, restart: payload?.restart }).toEqual({
      ...{ ok: true, of: false, status: 'skipped', restart: null },
    });
    const typed = await type('update --yes');
    expect(typed).toMatchObject({ exitCode: 3, stdout: '' });
    expect(typed.stderr).toContain('run: openclaw-releases update');
    expect((await type('update status')).exitCode).toBe(0);
    expect(await openclaw.version()).toBe(version);
    expect((await machine.unit(UNIT, 'user')).InvocationID).toBe(gateway.InvocationID);
  }

  /** Truth about a change at this moment, by no word of the plugin. */
  async function truth(change: string): Promise<Truth> {
    const version = await openclaw.version();
    const ledger = JSON.parse(readFileSync(join(machine.root, root, 'changes', `${change}.json`), 'utf8'));
    return { ended: ledger.endedAt !== null, status: ledger.status, version };
  }

  /** Asks by RPC how far a change is until it has its verdict, through the restart, and keeps every answer. */
  async function follow(change: string): Promise<Poll[]> {
    const polls: Poll[] = [];
    const begun = performance.now();
    await until(
      `${change} has its verdict`,
      async () => {
        const before = await truth(change);
        const answer = await admin.call('releases.status', { change }).catch(() => null);
        const told = answer?.ok ? answer.payload : null;
        polls.push({ atMs: performance.now() - begun, told, before, after: await truth(change) });
        return told?.phase === 'finished';
      },
      2 * LONG_MS,
    );
    return polls;
  }

  /** None says that it is done before it is, that it runs when it has ended, or that something runs that does not. */
  function expectTrue(polls: Poll[], from: string, to: string): void {
    for (const poll of polls) {
      const { told, before, after } = poll;
      if (told === null) continue;
      const said = JSON.stringify(poll);
      expect([from, to, null], said).toContain(told.runs?.version ?? null);
      if (told.status === 'running') expect(before.ended, said).toBe(false);
      else
        expect({ status: told.status, ended: true }, said).toMatchObject({
          ...{ status: after.status, ended: after.ended },
        });
      if (before.version !== null && before.version === after.version) {
        expect(told.runs?.version, said).toBe(before.version);
      }
    }
    const heard = polls.map(({ told }) => (told ? `${told.phase}/${told.step ?? '-'}` : 'no answer'));
    story.tell(
      polls
        .filter((_, at) => heard[at] !== heard[at - 1])
        .map(({ atMs, told }) => {
          const said = told
            ? `${told.phase}, ${told.step ?? told.status}; ${told.runs?.version ?? 'nothing'} runs`
            : 'no answer';
          return `  ${(atMs / 1000).toFixed(1).padStart(6)} s  ${said}`;
        })
        .join('\n'),
    );
    expect(heard[0]).not.toMatch(/^finished/);
    expect(polls.at(-1)?.told).toMatchObject({
      ...{ status: VERIFIED, before: { version: from }, after: { version: to }, runs: { version: to } },
    });
  }

  /** Largest number of times that one question told the model of a verdict. */
  function timesTold(note: string): number {
    return Math.max(0, ...model.asked.map((question) => question.split(`Note: ${note}`).length - 1));
  }

  /** Somebody asks for an update in a session, and is told there what became of it. */
  async function updateByRpc(from: string, to: string): Promise<void> {
    const note = `Please take ${to}.`;
    const gateway = await machine.unit(UNIT, 'user');
    const asked = performance.now();
    const params = { target: to, note, sessionKey: SESSION, idempotencyKey: `to-${to}` };
    const answer = await ask('releases.update', params);
    const ms = performance.now() - asked;
    story.tell(`releases.update ${to}: ${answer.status} after ${(ms / 1000).toFixed(1)} s`);
    expect(answer).toMatchObject({
      ...{ ok: true, status: 'accepted', before: { version: from }, error: null },
      follow: { params: { change: answer.change } },
    });
    expect((await machine.unit(UNIT, 'user')).InvocationID).toBe(gateway.InvocationID);
    expect(await openclaw.version()).toBe(from);

    const polls = await follow(answer.change);
    expectTrue(polls, from, to);
    expect(await openclaw.version()).toBe(to);
    expect((await machine.unit(UNIT, 'user')).InvocationID).not.toBe(gateway.InvocationID);
    expect(await ask('releases.update', params)).toMatchObject({ repeated: true, change: answer.change });

    await until(
      'the verdict is delivered',
      async () => (await ask('releases.status', { change: answer.change })).delivered,
    );
    const { requests } = await ask('releases.status', { change: answer.change });
    expect(requests).toMatchObject([{ note, sessionKey: SESSION, deliveredAt: expect.any(String) }]);
    // A newer version begins a turn for it automatically, and a message in the middle of that cuts it off.
    if (!to.startsWith('2026.9.')) await sayInSession('What became of it?');
    const isTold = () => until('the session was told', () => timesTold(note) > 0, 60_000);
    // Seen once, beside other work: a first turn that asked the model without it. What was told must not be lost by that.
    await isTold().catch(async () => {
      await sayInSession('Well?');
      await isTold();
    });
    await sayInSession('And now?');
    expect(timesTold(note)).toBe(1);
    const told = model.asked.find((question) => question.includes(`Note: ${note}`)) ?? '';
    expect(told).toContain(`${to} runs and is verified, live again`);
  }

  /** Speaks as a person in a chat; resolves once the model was asked. */
  async function sayInSession(message: string): Promise<void> {
    const params = { sessionKey: SESSION, message, idempotencyKey: `${message} ${Date.now()}` };
    const { ok, error } = await admin.call('chat.send', params);
    expect(ok, JSON.stringify(error)).toBe(true);
    await until('the model is asked', () => model.asked.some((one) => one.includes(message)), 60_000);
  }

  test(
    '2026.5.28: the one command puts the plugin into the gateway that runs',
    async () => {
      const gateway = await machine.unit(UNIT, 'user');
      const installed = await type(`plugins install --link ${join(root, 'plugin')}`);
      expect(installed.exitCode, installed.stderr).toBe(0);
      await everyDoor('2026.5.28');
      await coresOwnDoor('2026.5.28');
      expect((await machine.unit(UNIT, 'user')).InvocationID).toBe(gateway.InvocationID);
      const wrong = await machine.run(`${story.command} show 1.2.3`, { env: openclaw.env, reject: false });
      expect(wrong.exitCode).not.toBe(0);
      expect((await type('releases show 1.2.3')).exitCode).toBe(wrong.exitCode);
    },
    LONG_MS,
  );

  test('a client that may only read reads, and nothing else; without the token there is nothing', async () => {
    const reader = rpcClient(openclaw.port, { token: TOKEN, scopes: ['operator.read'] });
    const methods = (Object.keys(METHODS) as Method[]).filter((name) => name.startsWith('releases.'));
    const readable = methods.filter((method) => METHODS[method].scope === 'operator.read');
    const refusedTo = async (asked: Method[]) => {
      const refused: Method[] = [];
      for (const method of asked) {
        const { ok, error } = await reader.call(method, {});
        if (!ok) expect(JSON.stringify(error), method).toMatch(/missing scope: operator\.admin/);
        if (!ok) refused.push(method);
      }
      return refused;
    };
    // OpenClaw up to 2026.6 looks up a plugin's scopes in the registry it loaded last, which may lack the plugin, and
    // then demands operator.admin (its src/gateway/method-scopes.ts). A restart loads the whole one.
    if ((await refusedTo(readable)).length > 0) {
      await machine.run(`systemctl --user restart ${UNIT}`, { env: openclaw.env });
      await openclaw.ready('2026.5.28');
    }
    await until('a reader is let in', async () => (await refusedTo(readable)).length === 0);
    expect(await refusedTo(methods)).toEqual(methods.filter((method) => !readable.includes(method)));
    for (const token of [null, 'wrong']) {
      const stranger = rpcClient(openclaw.port, { token, scopes: ['operator.admin', 'operator.read'] });
      for (const method of ['releases.list', 'releases.update']) {
        const { ok, isRefused } = await stranger.call(method);
        expect({ method, ok, isRefused }).toEqual({ method, ok: false, isRefused: true });
      }
    }
    expect(await ask('releases.history')).toMatchObject({ changes: [{ kind: 'adopt' }] });
  });

  test(
    '2026.5.28 -> 2026.6.1, asked for in a session by RPC',
    async () => {
      await updateByRpc('2026.5.28', '2026.6.1');
      await everyDoor('2026.6.1');
      await coresOwnDoor('2026.6.1');
    },
    3 * LONG_MS,
  );

  test(
    'openclaw releases rollback',
    async () => {
      const back = await type('releases rollback --yes --settle 3');
      expect(back.exitCode, back.stderr).toBe(0);
      expect(await openclaw.version()).toBe('2026.5.28');
      expect(await ask('releases.status')).toMatchObject({
        ...{ kind: 'rollback', status: VERIFIED, runs: { version: '2026.5.28' } },
      });
    },
    LONG_MS,
  );

  test(
    '2026.5.28 -> 2026.9.6, asked for in a session by RPC',
    async () => {
      await updateByRpc('2026.5.28', '2026.9.6');
      await everyDoor('2026.9.6');
      await coresOwnDoor('2026.9.6');
    },
    3 * LONG_MS,
  );

  test("the root is its owner's alone, and so is what people have said in it, wherever it is", async () => {
    const root0700 = await machine.run(`stat -c '%a %U' ${root}`);
    expect(root0700.stdout).toBe('700 claw');
    await machine.run('chmod 755 ~ ~/.local ~/.local/share', { as: 'claw' });
    const stranger = `runuser -u nobody -- find ${root} -mindepth 1`;
    expect(await machine.run(stranger, { as: 'root', reject: false })).toMatchObject({
      ...{ exitCode: 1, stdout: '', stderr: expect.stringContaining('Permission denied') },
    });
    // The displaced state is as OpenClaw had it, below a directory that is closed.
    const open = `cd ${root} && find changes requests adopted.json ! -type l -perm /077`;
    expect((await machine.run(open)).stdout).toBe('');
    const doors = await machine.run(`cd ${root} && stat -c '%a %n' states states/* staging`);
    for (const line of doors.stdout.split('\n')) expect(line).toMatch(/^700 /);
    expect((await machine.run(`find ${root}/requests -name '*.json'`)).stdout).not.toBe('');
  });

  test('incident-2: through all of it no gateway missed a file of its own', async () => {
    await story.expectNothingMissed();
  });
});
