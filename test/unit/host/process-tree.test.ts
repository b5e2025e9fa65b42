import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { killTree } from '../../../src/host/process-tree.js';

/** Starts a group and answers the signals that its end takes, by the pid that they are sent to. */
async function signalsTo(program: string) {
  const leader = spawn('/bin/sh', ['-c', program], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const pid = leader.pid ?? 0;
  await once(leader.stdout, 'data');
  const kill = vi.spyOn(process, 'kill');
  killTree(pid);
  await once(leader, 'exit');
  return kill.mock.calls.map(([to, signal]) => [to === -pid ? 'group' : 'other', signal]);
}

test('a process that has started none is never stopped: it would stay if the killer were killed just then', async () => {
  expect(await signalsTo('echo; exec sleep 60')).toEqual([['group', 'SIGKILL']]);
});

test('a process that has started another is stopped first, because a stopped process starts no others', async () => {
  expect(await signalsTo('setsid sleep 60 & echo; wait')).toEqual([
    ['group', 'SIGSTOP'],
    ['other', 'SIGKILL'],
    ['group', 'SIGKILL'],
  ]);
});
