import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ReleasesError } from '../../../src/core/errors.js';
import { ownFile } from '../../../src/core/own-files.js';
import { identify, isAlive, type ProcessIdentity } from '../../../src/host/process.js';
import { askWorker, untilEnded } from '../../../src/host/worker.js';
import { temporaryDirectory } from '../../support/place.js';
import { until } from '../../support/source-place.js';

interface Order {
  name: string;
}

interface Progress {
  child: number;
}

/** Answers in pieces, with a child that would run on, after stray lines; `name` chooses how it ends. */
const PROGRAM = `
import { spawn } from 'node:child_process';
import { ReleasesError } from '${ownFile('dist/core/errors.js')}';
import { serve } from '${ownFile('dist/host/serve.js')}';
serve(async ({ name }, tell) => {
  process.stdout.write('printed by a library\\n');
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  tell({ child: child.pid });
  if (name === 'refuse') throw new ReleasesError('install_failed', 'It is so.', { hint: 'h', untouched: 'u' });
  if (name === 'break') throw new Error('broken');
  if (name === 'die') { console.error('first\\nwhy'); process.exit(7); }
  if (name === 'torn') { process.stdout.write('{"done":1', () => process.exit(7)); await new Promise(() => {}); }
  if (name === 'hang') await new Promise(() => {});
  process.exit = () => {};
  return { name, lines: 'one\\ntwo' };
});`;

const died = (how: string, said: string) =>
  new ReleasesError('install_failed', `ended early (${how}): ${said}`);

function ask(name: string, options: { signal?: AbortSignal; timeoutMs?: number; stop?: boolean } = {}) {
  const program = join(temporaryDirectory(), 'worker.mjs');
  writeFileSync(program, PROGRAM);
  const children: ProcessIdentity[] = [];
  const { stop, ...rest } = options;
  const answer = askWorker<Order, Progress>(
    { name },
    {
      command: [process.execPath, program],
      env: { PATH: process.env.PATH },
      onProgress({ child }, kill) {
        const identity = identify(child);
        if (identity) children.push(identity);
        if (stop) kill();
      },
      ...rest,
      died,
    },
  );
  return { answer, children };
}

async function expectNoneLeft(children: ProcessIdentity[]): Promise<void> {
  expect(children).toHaveLength(1);
  await until(() => children.every((child) => !isAlive(child)), 'its children are dead');
}

test('a worker that has answered is killed with its children, though it never exits', async () => {
  const { answer, children } = ask('a');
  expect(await answer).toEqual({ name: 'a', lines: 'one\ntwo' });
  await expectNoneLeft(children);
});

test.each([
  ['refuse', { code: 'install_failed', message: 'It is so.', hint: 'h', untouched: 'u' }],
  ['break', { code: 'internal', message: 'broken' }],
  ['die', { message: 'ended early (code 7): first / why' }],
  ['torn', { message: 'ended early (code 7): ' }],
])('a worker that does "%s" is an error of its own', async (name, error) => {
  const { answer, children } = ask(name);
  await expect(answer).rejects.toMatchObject(error);
  await expectNoneLeft(children);
});

test.each([
  ['its time is over', { timeoutMs: 3000 }],
  ['its caller stops it', { stop: true }],
])('a worker that hangs is killed with its children when %s', async (_when, options) => {
  const { answer, children } = ask('hang', options);
  await expect(answer).rejects.toMatchObject({ message: 'ended early (SIGKILL): ' });
  await expectNoneLeft(children);
});

test('a worker is killed with its children when its signal aborts', async () => {
  const abort = new AbortController();
  const { answer, children } = ask('hang', { signal: abort.signal });
  const refused = expect(answer).rejects.toMatchObject({ code: 'interrupted', cause: 'why' });
  await until(() => children.length > 0, 'it is at work');
  abort.abort('why');
  await refused;
  await expectNoneLeft(children);
});

test('a worker that cannot be started is an error', async () => {
  const answer = askWorker({}, { command: ['/nonexistent'], env: {}, died });
  await expect(answer).rejects.toMatchObject({ message: 'ended early (ENOENT): ' });
});

test('the end of a process is waited for, but not for ever', async () => {
  const ending = spawn('sh', ['-c', 'sleep 0.3; exit 7'], { stdio: 'ignore' });
  await untilEnded(ending);
  expect(ending.exitCode).toBe(7);
  await untilEnded(ending);

  const goesOn = spawn('sleep', ['60'], { stdio: 'ignore' });
  const ended = once(goesOn, 'exit');
  onTestFinished(async () => {
    goesOn.kill('SIGKILL');
    await ended;
  });
  await untilEnded(goesOn, 50);
  expect(goesOn.exitCode).toBeNull();
  expect(goesOn.signalCode).toBeNull();
});
