import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
import {
  alive,
  cleanUp,
  events,
  eventually,
  makeRoot,
  started,
  startSupervisor,
} from '../fixtures/supervisor/harness.js';

/** Answers what the supervisor replies to these bytes. */
async function say(
  root: string,
  bytes: string,
): Promise<{ ok: boolean; error?: { code: string; message: string } }> {
  const socket = connect(join(root, 'run.sock')).setEncoding('utf8');
  socket.on('error', () => {});
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.end(bytes);
  await once(socket, 'close');
  return JSON.parse(text);
}

afterEach(async () => expect(await cleanUp()).toEqual([]));

describe('the socket', () => {
  it('is for its owner only', async () => {
    const root = makeRoot();
    startSupervisor(root, ['forever']);
    await started(root);
    expect(statSync(join(root, 'run.sock')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['no JSON', 'restart\n', 'one JSON object'],
    ['no object', '["restart"]\n', 'one JSON object'],
    ['nothing', '\n', 'one JSON object'],
    ['no command', '{}\n', '(none) is unknown'],
    ['an unknown command', '{"cmd":"stop"}\n', '"stop" is unknown'],
    ['a command of another type', '{"cmd":{"cmd":"restart"}}\n', 'is unknown'],
    ['a limit that is no number', '{"cmd":"restart","stopLimitMs":"5"}\n', 'stopLimitMs'],
    ['a limit below zero', '{"cmd":"restart","stopLimitMs":-1}\n', 'stopLimitMs'],
    ['a limit without end', '{"cmd":"restart","stopLimitMs":1e99}\n', 'stopLimitMs'],
    ['half a line', '{"cmd":"inspect"}', 'without a newline'],
    [
      'a line that is too long',
      `{"cmd":"inspect","x":"${'x'.repeat(64 * 1024)}"}\n`,
      'longer than 65536 bytes',
    ],
    ['a line without end', 'x'.repeat(1024 * 1024), 'longer than 65536 bytes'],
  ])('answers %s with an error and continues', async (_, bytes, message) => {
    const root = makeRoot();
    startSupervisor(root, ['forever']);
    const gateway = await started(root);
    expect(await say(root, bytes)).toMatchObject({
      ok: false,
      error: { code: 'usage', message: expect.stringContaining(message) },
    });
    expect(await builtinSupervisor(root).inspect()).toMatchObject({ state: 'running', pid: gateway });
  });

  it('takes the stop limit from the request', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['stubborn'], { stopLimitMs: 2_000 });
    await started(root);
    const reply = await say(root, '{"cmd":"restart","stopLimitMs":100}\n');
    expect(reply).toMatchObject({ ok: true, result: { killed: true } });
    expect(supervisor.process.exitCode).toBe(null);
  });

  it('works in a root whose path is longer than a socket address', async () => {
    const root = makeRoot('a-long-name/'.repeat(20));
    const supervisor = startSupervisor(root, ['forever']);
    const gateway = await started(root);
    expect(await builtinSupervisor(root).inspect()).toMatchObject({ state: 'running', pid: gateway });
    expect(readdirSync(root).sort()).toEqual(['bin', 'events', 'run.json', 'run.sock']);
    const second = startSupervisor(root, ['forever']);
    expect(await second.exit).toBe(3);
    supervisor.process.kill('SIGTERM');
    expect(await supervisor.exit).toBe(0);
    expect(readdirSync(root).sort()).toEqual(['bin', 'events']);
  });
});

describe('a second supervisor', () => {
  it('is refused with the pid of the first', async () => {
    const root = makeRoot();
    const first = startSupervisor(root, ['forever']);
    const gateway = await started(root);
    const second = startSupervisor(root, ['forever']);
    expect(await second.exit).toBe(3);
    await eventually(() => second.output().includes('supervisor_already_running'));
    expect(second.output()).toContain(`process ${first.pid}`);
    expect(await builtinSupervisor(root).inspect()).toMatchObject({ pid: gateway });
    expect(events(root)).toHaveLength(1);
  });

  it('is refused while the first one hangs', async () => {
    const root = makeRoot();
    const first = startSupervisor(root, ['forever']);
    await started(root);
    first.process.kill('SIGSTOP');
    try {
      expect(await startSupervisor(root, ['forever']).exit).toBe(3);
    } finally {
      first.process.kill('SIGCONT');
    }
  });

  it('is refused when only the socket shows the first, as between containers', async () => {
    const root = makeRoot();
    startSupervisor(root, ['forever']);
    await started(root);
    rmSync(join(root, 'run.json'));
    const second = startSupervisor(root, ['forever']);
    expect(await second.exit).toBe(3);
    await eventually(() => second.output().includes('supervisor_already_running'));
  });

  it('replaces the socket of a killed supervisor', async () => {
    const root = makeRoot();
    const first = startSupervisor(root, ['forever']);
    const gateway = await started(root);
    first.process.kill('SIGKILL');
    await eventually(() => !alive(gateway));
    expect(existsSync(join(root, 'run.sock'))).toBe(true);
    await expect(builtinSupervisor(root).inspect()).rejects.toMatchObject({ code: 'supervisor_not_found' });
    startSupervisor(root, ['forever']);
    const second = await started(root, 2);
    expect(await builtinSupervisor(root).inspect()).toMatchObject({ pid: second });
  });

  it('starts in spite of the lock of a supervisor that died while it was starting', async () => {
    const root = makeRoot();
    mkdirSync(join(root, 'run.lock'));
    utimesSync(join(root, 'run.lock'), 0, 0);
    startSupervisor(root, ['forever']);
    expect(alive(await started(root))).toBe(true);
    expect(existsSync(join(root, 'run.lock'))).toBe(false);
  });

  it('wins or is refused, and never both, when many start at once over a stale socket', async () => {
    const root = makeRoot();
    const dead = startSupervisor(root, ['forever']);
    const gateway = await started(root);
    dead.process.kill('SIGKILL');
    await eventually(() => !alive(gateway));

    const rivals = Array.from({ length: 5 }, () => startSupervisor(root, ['forever']));
    await started(root, 2);
    const refused = () => rivals.filter(({ process }) => process.exitCode === 3);
    await eventually(() => refused().length === 4);
    expect(events(root).filter(({ event }) => event === 'started')).toHaveLength(2);
    const winner = rivals.find(({ process }) => process.exitCode === null);
    for (const rival of refused()) expect(rival.output()).toContain(`process ${winner?.pid}`);
  });
});

describe('a root that cannot be supervised', () => {
  it('is refused before anything starts', async () => {
    const root = makeRoot();
    chmodSync(join(root, 'bin/gateway'), 0o644);
    const supervisor = startSupervisor(root, ['forever']);
    expect(await supervisor.exit).toBe(3);
    await eventually(() => supervisor.output().includes('root_invalid'));
    expect(readdirSync(root).sort()).toEqual(['bin', 'events']);
  });
});
