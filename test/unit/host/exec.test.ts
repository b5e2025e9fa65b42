import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exec, problemOf } from '../../../src/host/exec.js';
import { identify, isAlive } from '../../../src/host/process.js';
import { temporaryDirectory } from '../../support/place.js';
import { until } from '../../support/source-place.js';

const env = { PATH: process.env.PATH, NAME: 'value' };
const sh = (script: string, options: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  exec('sh', ['-c', script], { env, timeoutMs: 60_000, ...options });

test('a program gets its environment alone, and its texts come without colours', async () => {
  const result = await sh('printf "\\033[31m$NAME\\033[0m $HOME\\n"; pwd; echo no >&2');
  expect(result).toMatchObject({ ok: true, stdout: 'value \n/', stderr: 'no', how: 'code 0', cutOff: false });
  expect(result.output).toContain('no');
});

test('a failure, a death and a program that is not there are results', async () => {
  const failed = await sh('echo first >&2; echo why >&2; exit 3');
  expect(failed).toMatchObject({ ok: false, how: 'code 3', cutOff: false });
  expect(problemOf(failed)).toBe('code 3: why');
  expect(await sh('kill -TERM $$')).toMatchObject({ ok: false, how: 'signal SIGTERM', cutOff: true });
  expect(await exec('/nonexistent', [], { env, timeoutMs: 60_000 })).toMatchObject({
    ok: false,
    how: 'ENOENT',
  });
});

test('a program that Ctrl-C ends before it has a session of its own is run again, and not for ever', async () => {
  const tries = join(temporaryDirectory('exec'), 'tries');
  const dying = (times: number) =>
    sh(`echo try >>${tries}; [ $(wc -l <${tries}) -gt ${times} ] || kill -INT $$; echo done`);
  expect(await dying(2)).toMatchObject({ ok: true, stdout: 'done' });
  rmSync(tries);
  expect(await dying(9)).toMatchObject({ ok: false, cutOff: true, how: 'signal SIGINT' });
  expect(readFileSync(tries, 'utf8')).toBe('try\ntry\ntry\n');
});

test('a program that left a child behind is over, and the child is killed', async () => {
  const { stdout } = await sh('sleep 600 >/dev/null 2>&1 & echo $!');
  const child = identify(Number(stdout));
  await until(() => child === null || !isAlive(child), 'its child is dead');
});

test('a late program is killed, and an abort kills at once', async () => {
  const late = await sh('echo begun; sleep 600', { timeoutMs: 2000 });
  expect(late).toMatchObject({ ok: false, stdout: 'begun', cutOff: true, how: 'no end after 2 s' });
  const abort = new AbortController();
  const running = expect(sh('sleep 600', { signal: abort.signal })).rejects.toMatchObject({
    code: 'interrupted',
  });
  abort.abort();
  await running;
  await expect(sh('true', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'interrupted' });
});
