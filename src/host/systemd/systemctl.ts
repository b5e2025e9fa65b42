import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError, systemCode } from '../../core/errors.js';
import type { ServiceName } from '../../core/scalars.js';
import { inOwnSession } from '../own-session.js';
import { userName } from '../user.js';
import { askPrivileged, hasPrivilegedParent, needsPrivilege } from './privileged.js';

/** The systemd of the current user, or the machine's. */
export type Scope = 'user' | 'system';

export interface UnitAddress {
  scope: Scope;
  /** Full name, such as `openclaw-gateway.service`. */
  unit: ServiceName;
}

export interface Answer {
  ok: boolean;
  /** Ended by a signal that is not ours, so the answer is void. */
  killed: boolean;
  stdout: string;
  stderr: string;
}

/** Milliseconds; longer than a busy machine needs to answer. */
const TIMEOUT_MS = 30_000;

/**
 * Runs a program of systemd, for at most `timeoutMs` milliseconds.
 * @throws ReleasesError `supervisor_not_found` where that systemd does not run, `supervisor_failed` when it does not
 * answer or the program is not installed
 */
export async function askSystemd(
  program: 'systemctl' | 'systemd-run',
  scope: Scope,
  args: readonly string[],
  env: Record<string, string> = {},
  timeoutMs = TIMEOUT_MS,
): Promise<Answer> {
  const bus = busEnvironment(scope);
  // The bus comes last: the program's environment must not point to another one.
  const words = [`--${scope}`, '--no-ask-password', ...args];
  const { answer } = await inOwnSession(() => run(program, words, { ...env, ...bus }, timeoutMs));
  if (answer === 'late') {
    throw new ReleasesError('supervisor_failed', `${program} did not answer within ${timeoutMs} ms.`, {
      hint: typed(scope, 'status'),
    });
  }
  return answer;
}

/** Resolves to `late` after a kill. Uses no execa: loading it would double the time of `list` and `status`. */
function run(
  program: string,
  args: string[],
  env: Record<string, string>,
  timeoutMs: number,
): Promise<{ answer: Answer | 'late'; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      detached: true,
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
      // Children of the program may hold these open.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ answer: 'late', signal: null });
    }, timeoutMs);
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(notStarted(program, cause));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const stdout = said.stdout.replace(/\n$/, '');
      const answer = { ok: code === 0, killed: code === null, stdout, stderr: said.stderr.trim() };
      resolve({ answer, signal });
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

/** @throws ReleasesError `supervisor_not_found`, `supervisor_failed`, as `askSystemd` */
export function systemctl(scope: Scope, ...args: string[]): Promise<Answer> {
  if (scope === 'system' && hasPrivilegedParent() && needsPrivilege(args))
    return askPrivileged({ does: 'systemctl', args });
  return askSystemd('systemctl', scope, args);
}

export function typed(scope: Scope, ...args: string[]): string {
  return [scope === 'user' ? 'systemctl --user' : 'sudo systemctl', ...args].join(' ');
}

/** Command that shows the last lines of a unit, likewise. */
export function typedJournal(scope: Scope, unit: string): string {
  return `${scope === 'user' ? 'journalctl --user' : 'sudo journalctl'} -n 50 -u ${unit}`;
}

/**
 * Variables that lead to the manager. A timer, a cron job, `su` and a gateway that drops its environment lack the
 * user's bus; pam_systemd and logind put it at /run/user/<uid> (user@.service(5)).
 */
export function busEnvironment(scope: Scope): Record<string, string> {
  if (scope === 'system') {
    // Test of sd_booted(3).
    if (existsSync('/run/systemd/system')) return {};
    throw new ReleasesError('supervisor_not_found', 'This machine was not started with systemd.');
  }
  const uid = process.getuid?.();
  const given = process.env.XDG_RUNTIME_DIR;
  // `su` and `sudo` can leave the directory of another user, which cannot be read.
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
