import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { ReleasesError, systemCode } from '../../core/errors.js';

/** Which systemd: the one of the user who runs this, or the machine's. */
export type Scope = 'user' | 'system';

/** A service of one of the two. */
export interface UnitAddress {
  scope: Scope;
  /** Its full name, `openclaw-gateway.service`. */
  unit: string;
}

export interface Answer {
  ok: boolean;
  /** It was ended by a signal that was not ours, and so says nothing. */
  killed: boolean;
  stdout: string;
  /** What the program said for people to read. */
  stderr: string;
}

/** Longer than a busy machine needs to answer, short beside the patience of whoever waits. */
const TIMEOUT_MS = 30_000;

/**
 * Runs one of systemd's programs for a scope, bounded by `timeoutMs` milliseconds.
 * @throws ReleasesError `supervisor_not_found` where that systemd does not run, `supervisor_failed` when it does
 *   not answer or the program is not installed
 */
export async function askSystemd(
  program: 'systemctl' | 'systemd-run',
  scope: Scope,
  args: readonly string[],
  env: Record<string, string> = {},
  timeoutMs = TIMEOUT_MS,
): Promise<Answer> {
  const bus = busEnvironment(scope);
  // The bus goes last: a program's own environment must not send us to another one.
  const ended = await run(
    program,
    [`--${scope}`, '--no-ask-password', ...args],
    { ...env, ...bus },
    timeoutMs,
  );
  if (ended === 'late') {
    throw new ReleasesError('supervisor_failed', `${program} did not answer within ${timeoutMs} ms.`, {
      hint: typed(scope, 'status'),
    });
  }
  return ended;
}

/**
 * To the end of a program of a few lines, or `late`, and then it is killed. Not with execa: `list` and `status` ask
 * systemd, and to load that costs as much as all else that they do.
 */
function run(
  program: string,
  args: string[],
  env: Record<string, string>,
  timeoutMs: number,
): Promise<Answer | 'late'> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text;
      });
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // Whatever it has started may hold these open.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve('late');
    }, timeoutMs);
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(notStarted(program, cause));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      const stdout = said.stdout.replace(/\n$/, '');
      resolve({ ok: code === 0, killed: code === null, stdout, stderr: said.stderr.trim() });
    });
  });
}

function notStarted(program: string, cause: unknown): ReleasesError {
  const code = systemCode(cause);
  if (code !== 'ENOENT')
    return new ReleasesError('supervisor_failed', `${program} cannot be started (${code}).`, { cause });
  return new ReleasesError('supervisor_failed', `${program} is not installed, or not on PATH.`, {
    hint: 'Install systemd’s own programs, or put them on PATH.',
    cause,
  });
}

/**
 * `systemctl` with these arguments.
 * @throws ReleasesError `supervisor_not_found`, `supervisor_failed`, as `askSystemd`
 */
export function systemctl(scope: Scope, ...args: string[]): Promise<Answer> {
  return askSystemd('systemctl', scope, args);
}

/** A `systemctl` command for a person to type. */
export function typed(scope: Scope, ...args: string[]): string {
  return [scope === 'user' ? 'systemctl --user' : 'sudo systemctl', ...args].join(' ');
}

/**
 * What systemd's programs need to reach the manager. A timer, a cron job, `su` and a gateway that drops its
 * environment all lack the user's bus; pam_systemd and logind put it at /run/user/<uid> (user@.service(5)).
 */
export function busEnvironment(scope: Scope): Record<string, string> {
  if (scope === 'system') {
    // The test of sd_booted(3).
    if (existsSync('/run/systemd/system')) return {};
    throw new ReleasesError('supervisor_not_found', 'This machine was not started with systemd.');
  }
  const uid = process.getuid?.();
  const given = process.env.XDG_RUNTIME_DIR;
  // `su` and `sudo` can leave another user's directory in the environment, where nothing may be looked at.
  const found = [given, `/run/user/${uid}`].find((path) => path && existsSync(join(path, 'systemd/private')));
  if (!found) {
    throw new ReleasesError('supervisor_not_found', `No systemd runs for the user ${userName()}.`, {
      hint: `loginctl enable-linger ${userName()}`,
    });
  }
  const foreign = found !== given || !process.env.DBUS_SESSION_BUS_ADDRESS;
  return {
    XDG_RUNTIME_DIR: found,
    ...(foreign && { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(found, 'bus')}` }),
  };
}

/** In a container a user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}
