import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { TO_APPEND } from '../../core/bounded-file.js';
import { ReleasesError } from '../../core/errors.js';
import type { OutsideProgram } from '../supervisor.js';

/** Valid as a unit name and as a file name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

function isText(value: unknown): value is string {
  // A NUL ends a string in the kernel.
  return typeof value === 'string' && !value.includes('\0');
}

/** Checks a program that any local program of this user may request. @throws ReleasesError `usage` */
export function parseProgram({ name, argv, env }: Record<string, unknown>): OutsideProgram {
  const refuse = (sentence: string) => new ReleasesError('usage', sentence);
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw refuse('The name must be 1 to 100 letters, digits, dots, dashes and underscores.');
  }
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every((arg) => isText(arg) && arg !== '')) {
    throw refuse('argv must be a list of strings, none of them empty.');
  }
  if (typeof env !== 'object' || env === null || Array.isArray(env)) throw refuse('env must be an object.');
  if (!Object.entries(env).every(([key, value]) => isText(value) && /^[^=\0]+$/.test(key))) {
    throw refuse('env must hold strings under the names of variables.');
  }
  return { name, argv, env: env as Record<string, string> };
}

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
  return { follow: `tail -f ${quoted(path)}` };
}

function quoted(path: string): string {
  return /^[\w./@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
