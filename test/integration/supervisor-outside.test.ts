import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { identify } from '../../src/host/process.js';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
import {
  alive,
  cleanUp,
  eventually,
  makeRoot,
  started,
  startSupervisor,
} from '../fixtures/supervisor/harness.js';

/** Programs end when their root is removed, and with the test. */
const WAITS =
  'echo begun $$; while [ -e "$ROOT/events" ] && ! [ -e "$ROOT/go" ]; do sleep 0.05; done; echo over';

const logOf = (root: string, name: string) => join(root, 'changes', `${name}.log`);

function begun(root: string, name: string): Promise<number> {
  return eventually(() => {
    const log = existsSync(logOf(root, name)) ? readFileSync(logOf(root, name), 'utf8') : '';
    const pid = /begun (\d+)/.exec(log)?.[1];
    return pid === undefined ? null : Number(pid);
  });
}

async function say(root: string, request: object) {
  const socket = connect(join(root, 'run.sock')).setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.end(`${JSON.stringify(request)}\n`);
  await once(socket, 'close');
  return JSON.parse(text);
}

afterEach(async () => expect(await cleanUp()).toEqual([]));

describe('a program outside of the gateway', () => {
  it('outlives restarts of the gateway and the end of the supervisor', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['forever']);
    await started(root);
    const { follow } = await builtinSupervisor(root).runOutside({
      name: 'c1',
      argv: ['sh', '-c', WAITS],
      env: { ROOT: root },
    });
    expect(follow).toBe(`tail -f ${logOf(root, 'c1')}`);
    const program = identify(await begun(root, 'c1'));
    await builtinSupervisor(root).restart();
    await started(root, 2);
    expect(identify(program?.pid ?? 0)).toEqual(program);
    expect(await builtinSupervisor(root).owns(program?.pid ?? 0)).toBe(false);
    supervisor.process.kill('SIGTERM');
    expect(await supervisor.exit).toBe(0);
    expect(alive(program?.pid ?? 0)).toBe(true);
    process.kill(program?.pid ?? 0, 'SIGKILL');
  });

  it('writes into a log for its owner only, and the supervisor reports how it ended', async () => {
    const root = makeRoot();
    const supervisor = startSupervisor(root, ['forever']);
    await started(root);
    for (const word of ['one', 'two']) {
      const argv = ['sh', '-c', 'echo "$0 $WORD"; echo why >&2; exit 3', '$x'];
      await builtinSupervisor(root).runOutside({ name: 'c2', argv, env: { WORD: word } });
      await eventually(() => readFileSync(logOf(root, 'c2'), 'utf8').endsWith(`$x ${word}\nwhy\n`));
    }
    expect(readFileSync(logOf(root, 'c2'), 'utf8')).toBe('$x one\nwhy\n$x two\nwhy\n');
    expect(statSync(logOf(root, 'c2')).mode & 0o777).toBe(0o600);
    await eventually(() => supervisor.output().includes('c2 ended with exit code 3'));
  });

  it('is refused when it cannot be executed', async () => {
    const root = makeRoot();
    startSupervisor(root, ['forever']);
    const gateway = await started(root);
    const refused = builtinSupervisor(root).runOutside({ name: 'c3', argv: ['/nowhere'], env: {} });
    await expect(refused).rejects.toMatchObject({ code: 'supervisor_failed' });
    expect(await builtinSupervisor(root).inspect()).toMatchObject({ pid: gateway });
  });

  it.each([
    ['no name', { name: undefined }],
    ['a name that leaves the directory', { name: '../x' }],
    ['a hidden name', { name: '.x' }],
    ['a name that is too long', { name: 'x'.repeat(101) }],
    ['no program', { argv: [] }],
    ['a program that is no list', { argv: 'true' }],
    ['an empty argument', { argv: ['true', ''] }],
    ['an argument with a NUL', { argv: ['true', 'a\0b'] }],
    ['an argument that is no string', { argv: ['true', 1] }],
    ['no environment', { env: undefined }],
    ['an environment that is a list', { env: [] }],
    ['a variable that is no string', { env: { A: 1 } }],
    ['a variable with an equals sign in its name', { env: { 'A=B': 'c' } }],
  ])('is refused with %s', async (_, wrong) => {
    const root = makeRoot();
    startSupervisor(root, ['forever']);
    await started(root);
    const reply = await say(root, { cmd: 'outside', name: 'c4', argv: ['true'], env: {}, ...wrong });
    expect(reply).toMatchObject({ ok: false, error: { code: 'usage' } });
    expect(existsSync(join(root, 'changes'))).toBe(false);
  });
});
