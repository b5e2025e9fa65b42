import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Scope, systemctl } from '../../src/host/systemd/systemctl.js';
import { systemdSupervisor } from '../../src/supervisor/systemd/supervisor.js';
import { temporaryDirectory } from '../support/place.js';

/** Set inside the lab's machine, where nothing may be skipped and root may make system units. */
const inLab = process.env.OPENCLAW_RELEASES_LAB === '1';

/** Scope of the systemd that these tests can use: the machine's in the lab as root, else the user's where there is one. */
export const SCOPE: Scope | null = findScope();

const USER_MANAGER = `/run/user/${process.getuid?.()}/systemd`;
const DIRECTORY = SCOPE === 'system' ? '/run/systemd/system' : join(USER_MANAGER, 'user');

function findScope(): Scope | null {
  const root = process.getuid?.() === 0;
  if (root && inLab) return 'system';
  if (!root && existsSync(`/run/user/${process.getuid?.()}/systemd/private`)) return 'user';
  if (inLab) throw new Error('No systemd of the user runs in the lab.');
  return null;
}

export interface TestUnit {
  scope: Scope;
  unit: string;
  supervisor: ReturnType<typeof systemdSupervisor>;
  /** Directory for what the service reads and writes. */
  directory: string;
  systemctl(...args: string[]): string;
  /** Replaces the unit's file; systemd is not told. */
  write(service: string): void;
  /** Removes the unit's file; systemd is not told. */
  remove(): void;
  mask(): void;
}

/** Runs `systemctl` of the scope and answers what it printed. */
function run(...args: string[]): string {
  const env = { ...process.env, XDG_RUNTIME_DIR: `/run/user/${process.getuid?.()}` };
  return execFileSync('systemctl', [`--${SCOPE}`, ...args], { encoding: 'utf8', env, stdio: 'pipe' }).trim();
}

/**
 * A service with a name of its own, loaded and not started; gone with the test.
 * @param service the lines of its `[Service]` section, with `%DIR%` for its directory
 */
export function makeUnit(
  service: string,
  options: { stopLimitMs?: number; unitSection?: string } = {},
): TestUnit {
  const scope = SCOPE ?? 'user';
  const unit = `openclaw-releases-test-${randomBytes(6).toString('hex')}.service`;
  const directory = temporaryDirectory('unit');
  const path = join(DIRECTORY, unit);
  const write = (lines: string) => {
    mkdirSync(DIRECTORY, { recursive: true });
    const text = `[Unit]\n${options.unitSection ?? ''}\n[Service]\n${lines.replaceAll('%DIR%', directory)}\n`;
    writeFileSync(path, text);
  };
  const remove = () => rmSync(path, { force: true });
  write(service);
  run('daemon-reload');
  onTestFinished(async () => {
    await systemctl(scope, 'kill', '--signal=SIGKILL', unit);
    await systemctl(scope, 'stop', unit);
    remove();
    run('daemon-reload');
    await systemctl(scope, 'reset-failed', unit);
  });
  const { stopLimitMs } = options;
  return {
    ...{ scope, unit, directory, write, remove },
    supervisor: systemdSupervisor({ scope, unit, ...(stopLimitMs !== undefined && { stopLimitMs }) }),
    systemctl: run,
    mask() {
      remove();
      symlinkSync('/dev/null', path);
      run('daemon-reload');
    },
  };
}

/** Ends a transient unit with the test. */
export function endsWithTest(unit: string): void {
  onTestFinished(async () => {
    await systemctl(SCOPE ?? 'user', 'stop', unit);
  });
}
