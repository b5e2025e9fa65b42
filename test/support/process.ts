import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { commandLineOf } from '../../src/host/process.js';
import { until } from './place.js';

/** Environment as systemd gives it: its own pid, and an id of this start. */
export const AS_SYSTEMD = { SYSTEMD_EXEC_PID: 'its own', INVOCATION_ID: '0123456789abcdef0123456789abcdef' };

/** A process with this environment and nothing to do, that ends with the test; `its own` is its own pid. */
export async function idleProcess(env: Record<string, string>): Promise<number> {
  const script = `[ "$SYSTEMD_EXEC_PID" != 'its own' ] || export SYSTEMD_EXEC_PID=$$; exec sleep 600`;
  const child = spawn('/bin/sh', ['-c', script], { env: { PATH: '/usr/bin:/bin', ...env }, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const { pid = 0 } = child;
  await until('it has its environment', () => commandLineOf(pid).startsWith('sleep'));
  return pid;
}
