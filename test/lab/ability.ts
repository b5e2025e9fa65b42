import { execFileSync } from 'node:child_process';
import { hierarchies } from './disk.js';

/**
 * Whether a machine can be booted here. Where it cannot, the lane says so, and fails where it must not be missing.
 * @throws Error when CI is set and it cannot
 */
export function canBoot(): boolean {
  const missing = obstacle();
  if (missing === null) return true;
  const message = `tests on a machine with a real systemd need ${missing}`;
  if (process.env.CI) throw new Error(message);
  console.warn(`NOT RUN: ${message}.`);
  return false;
}

function obstacle(): string | null {
  if (process.platform !== 'linux') return 'Linux';
  if (process.getuid?.() !== 0) return 'root';
  try {
    execFileSync('systemd-nspawn', ['--version'], { stdio: 'ignore' });
  } catch {
    return 'systemd-nspawn (Debian: apt-get install systemd-container)';
  }
  return hierarchies().length > 0 ? null : 'cgroup2 below /sys/fs/cgroup';
}
