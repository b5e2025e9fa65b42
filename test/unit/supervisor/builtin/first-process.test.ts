import { spawnSync } from 'node:child_process';
import { afterEach, expect, test, vi } from 'vitest';
import { COLLECTOR, leaveFirstProcess } from '../../../../src/supervisor/builtin/first-process.js';

const own = Object.getOwnPropertyDescriptor(process, 'execve');

afterEach(() => {
  vi.restoreAllMocks();
  if (own) Object.defineProperty(process, 'execve', own);
  else delete (process as { execve?: unknown }).execve;
});

/** Lets this process seem to have that number, on a Node with `execve` or without. */
function seem(pid: number, execve?: () => void): string[] {
  vi.spyOn(process, 'pid', 'get').mockReturnValue(pid);
  Object.defineProperty(process, 'execve', { value: execve, configurable: true, writable: true });
  const said: string[] = [];
  leaveFirstProcess((line) => said.push(line));
  return said;
}

test('process 1 becomes a shell that runs the same command', () => {
  const execve = vi.fn();
  seem(1, execve);
  const [file, argv, env] = execve.mock.calls[0] ?? [];
  expect([file, argv.slice(0, 2), env]).toEqual(['/bin/sh', ['sh', '-c'], process.env]);
  expect(argv.slice(4)).toEqual([process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
});

test('process 1 of a Node without execve names what collects orphans', () => {
  expect(seem(1)).toEqual([expect.stringMatching(/zombies.*docker run --init/)]);
});

test('another process stays what it is, and says nothing', () => {
  const execve = vi.fn();
  expect(seem(2, execve)).toEqual([]);
  expect(execve).not.toHaveBeenCalled();
});

test.each([
  ['exit 0', 0],
  ['exit 127', 127],
  ['kill -KILL $$', 137],
  ['read -r line; [ "$line" = typed ]', 0],
])('the shell ends as its command does: %s', (command, code) => {
  const { status } = spawnSync('/bin/sh', ['-c', COLLECTOR, 'init', '/bin/sh', '-c', command], {
    input: 'typed\n',
    timeout: 20_000,
  });
  expect(status).toBe(code);
});
