import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { TO_APPEND } from '../../core/bounded-file.js';
import { ReleasesError } from '../../core/errors.js';
import { shellWord } from '../../core/shell-word.js';
import type { OutsideProgram } from '../../host/outside-program.js';

/**
 * Starts a program in its own session, which no restart of the gateway touches and which continues when this process
 * ends. Appends its output to `<root>/changes/<name>.log`.
 * @throws ReleasesError `supervisor_failed`
 */
export async function runDetached(
  root: string,
  { name, argv, env }: OutsideProgram,
  log: (line: string) => void,
): Promise<{ follow: string }> {
  const [program = '', ...args] = argv;
  const path = join(root, 'changes', `${name}.log`);
  let output: number | undefined;
  try {
    mkdirSync(join(root, 'changes'), { recursive: true });
    output = openSync(path, TO_APPEND, 0o600);
    const child = spawn(program, args, {
      stdio: ['ignore', output, output],
      detached: true,
      cwd: '/',
      env: { ...process.env, ...env },
    });
    child.once('exit', (code, signal) => log(`${name} ended with ${signal ?? `exit code ${code}`}.`));
    await once(child, 'spawn');
    child.unref();
    log(`${name} was started as process ${child.pid}.`);
  } catch (cause) {
    throw new ReleasesError('supervisor_failed', `${program} could not be started outside of the gateway.`, {
      cause,
    });
  } finally {
    if (output !== undefined) closeSync(output);
  }
  return { follow: `tail -f ${shellWord(path)}` };
}
