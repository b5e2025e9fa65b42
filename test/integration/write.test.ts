import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, createReadStream, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { execaSync } from 'execa';
import { expect, test } from 'vitest';
import { temporaryDirectory, until } from '../support/place.js';

const PRINT = fileURLToPath(new URL('../../dist/cli/write.js', import.meta.url));
/** Size of more than a pipe holds. */
const MANY = 300_000;

/** A process that prints to a pipe of this name, which does not block since Node has made a stream of it. */
function printTo(pipe: string) {
  const end = openSync(pipe, constants.O_RDWR);
  const script = `import(${JSON.stringify(PRINT)}).then(({ print }) => {
    process.stdout.on('error', console.error);
    process.send('prints');
    print('a'.repeat(${MANY}));
    print('b'.repeat(${MANY}));
    process.disconnect();
  });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', end, 'inherit', 'ipc'] });
  return { child, close: () => closeSync(end) };
}

test('a late reader of a pipe that does not block gets all of the output, in order', async () => {
  const pipe = join(temporaryDirectory(), 'pipe');
  execaSync('mkfifo', [pipe]);
  const { child, close } = printTo(pipe);
  await once(child, 'message');
  await until('the pipe is full', () => /\) S /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8')));
  const read = text(createReadStream(pipe));
  close();
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  expect(await read).toBe('a'.repeat(MANY) + 'b'.repeat(MANY));
});

test('a reader that leaves early ends nothing', async () => {
  const script = `import(${JSON.stringify(PRINT)}).then(({ print }) => {
    print('a'.repeat(${MANY})); print('b'.repeat(${MANY})); print('done', 2);
  });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const said = text(child.stderr);
  const [code] = await once(child, 'exit');
  expect([code, await said]).toEqual([0, 'done']);
});
