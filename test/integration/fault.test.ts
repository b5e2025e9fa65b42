import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryDirectory, until } from '../support/place.js';

const FAULT = fileURLToPath(new URL('../../dist/host/fault.js', import.meta.url));

/** A process that passes `before switch` twice, then `after switch`, and prints how far it came. */
const PROGRAM = `
const { faultPoint } = await import(${JSON.stringify(FAULT)});
for (const point of ['before switch', 'before switch', 'after switch']) {
  try { faultPoint(point); console.log('passed'); } catch (error) { console.log(error.code ?? error.message); }
}`;

function run(fault: string, more: Record<string, string> = {}) {
  return execa(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    env: { OPENCLAW_RELEASES_FAULT: fault, ...more },
    reject: false,
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
}

const said = async (fault: string, more = {}) => (await run(fault, more)).stdout.split('\n');

test.each([
  ['', 'passed passed passed'],
  ['throw before stage', 'passed passed passed'],
  ['ENOSPC before switch', 'ENOSPC ENOSPC passed'],
  ['EIO before switch #2', 'passed EIO passed'],
  ['EIO after switch', 'passed passed EIO'],
])('%j: %s', async (fault, expected) => {
  expect((await said(fault)).join(' ')).toBe(expected);
});

test('throw names its point', async () => {
  expect((await said('throw before switch'))[0]).toBe('A fault was injected before switch.');
});

test.each([
  ['exit before switch #2', { exitCode: 1, stdout: 'passed' }],
  ['kill before switch #2', { signal: 'SIGKILL', stdout: 'passed' }],
])('%s ends the process', async (fault, expected) => {
  expect(await run(fault)).toMatchObject(expected);
});

test('a fault with a stamp happens once in all processes, and the stamp exists before it', async () => {
  const stamp = { OPENCLAW_RELEASES_FAULT_STAMP: join(temporaryDirectory(), 'stamp') };
  expect(await run('kill before switch', stamp)).toMatchObject({ signal: 'SIGKILL', stdout: '' });
  expect((await said('kill before switch', stamp)).join(' ')).toBe('passed passed passed');
});

test.each([
  'hang before switch #2',
  // Passes again, and does not hang again.
  'hang before switch',
])('%s ends once its stamp exists', async (fault) => {
  const stamp = join(temporaryDirectory(), 'stamp');
  const running = run(fault, { OPENCLAW_RELEASES_FAULT_STAMP: stamp });
  await until('it hangs', () => existsSync(stamp));
  rmSync(stamp);
  expect((await running).stdout.split('\n')).toEqual(['passed', 'passed', 'passed']);
});

test('the trace lists every point in the order in which it is passed', async () => {
  const trace = join(temporaryDirectory(), 'trace');
  await run('', { OPENCLAW_RELEASES_FAULT_TRACE: trace });
  expect(readFileSync(trace, 'utf8')).toBe('before switch\nbefore switch\nafter switch\n');
});
