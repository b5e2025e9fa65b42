import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { onceAnswered, untilEnded } from '../../../src/host/ending.js';

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

test('a process that never started is not waited for', async () => {
  const never = spawn('/nonexistent', { stdio: 'ignore' });
  never.on('error', () => {});
  await untilEnded(never, 60_000);
  expect(never.pid).toBeUndefined();
});

test('an answer is whole with its line, however many pieces it has', async () => {
  const output = new PassThrough();
  let answered = 0;
  onceAnswered(output, () => {
    answered++;
  });
  for (const piece of ['{"said":"one\\n', 'two', '"}']) output.write(piece);
  await turn();
  expect(answered).toBe(0);
  output.write('\n');
  await turn();
  expect(answered).toBe(1);
});
