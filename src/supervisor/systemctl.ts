import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ReleasesError } from '../errors.js';

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
  const result = await execa(program, [`--${scope}`, '--no-ask-password', ...args], {
    // The bus goes last: a program's own environment must not send us to another one.
    env: { ...env, ...bus },
    stdin: 'ignore',
    timeout: timeoutMs,
    reject: false,
  });
  if (result.code === 'ENOENT') {
    throw new ReleasesError('supervisor_failed', `${program} is not installed, or not on PATH.`, {
      hint: 'Install systemd’s own programs, or put them on PATH.',
      cause: result,
    });
  }
  if (result.timedOut) {
    throw new ReleasesError('supervisor_failed', `${program} did not answer within ${timeoutMs} ms.`, {
      hint: typed(scope, 'status'),
    });
  }
  return { ok: !result.failed, stdout: result.stdout, stderr: result.stderr.trim() };
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
function busEnvironment(scope: Scope): Record<string, string> {
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
