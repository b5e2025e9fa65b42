import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { listenerPids } from '../../src/host/listener.js';

const LISTEN = `const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port));`;

test('a listener that this user may not inspect leaves its owner unknown', async () => {
  const child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(String(text));
  process.seteuid?.(65534);
  try {
    expect(listenerPids(port)).toBeNull();
  } finally {
    process.seteuid?.(0);
  }
  expect(listenerPids(port)).toEqual([child.pid]);
});
