import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { checkListener, evictOrphans, findOrphans } from '../../../src/change/port-holder.js';
import { identify } from '../../../src/host/process.js';
import type { Supervisor } from '../../../src/supervisor/supervisor.js';
import { nobody } from '../../support/nobody.js';

const LISTEN = `const s = require('net').createServer((c) => c.destroy()).listen(0, '127.0.0.1', () => console.log(s.address().port));`;

/** A process that listens on a port of its own, and closes every connection. */
async function stranger() {
  const child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(String(text));
  const address = '127.0.0.1';
  const endpoint = { address, port, url: `http://${address}:${port}`, token: null, listener: null };
  return { pid: child.pid ?? -1, endpoint };
}

const owner: Supervisor = { ...nobody, owns: () => Promise.resolve(true) };

test('an error names a process on the port that the supervisor does not own, with its command line', async () => {
  const { pid, endpoint } = await stranger();
  await expect(checkListener(endpoint, nobody)).rejects.toMatchObject({
    code: 'port_held_by_orphan',
    message: expect.stringMatching(new RegExp(`by process ${pid}, .* -e .*, since \\d{4}-`)),
    hint: expect.stringContaining('--evict-orphan'),
  });
  expect(await findOrphans(endpoint, nobody)).toMatchObject([{ pid }]);
});

test('a process on the port that the supervisor owns, or has just named as its own, is no orphan', async () => {
  const { pid, endpoint } = await stranger();
  await checkListener(endpoint, owner);
  expect(await findOrphans(endpoint, nobody, pid)).toEqual([]);
});

test('a process on the same port of another address is no orphan, and one on every address is', async () => {
  const { pid, endpoint } = await stranger();
  expect(await findOrphans({ ...endpoint, address: '127.0.0.2' }, nobody)).toEqual([]);
  for (const address of ['0.0.0.0', '::', '::1'])
    expect(await findOrphans({ ...endpoint, address }, nobody)).toMatchObject([{ pid }]);
});

test('a process on the port that does not answer as a gateway is never ended', async () => {
  const { pid, endpoint } = await stranger();
  expect(await evictOrphans(endpoint, nobody)).toEqual([]);
  expect(identify(pid)).not.toBeNull();
});
