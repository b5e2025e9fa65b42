import { basename } from 'node:path';
import type { Background } from '../background.js';
import { controlGroupsOf } from './control-group.js';
import { scopeLimits, WEIGHT } from './limits.js';
import { busEnvironment, type Scope, systemctl } from './systemctl.js';

/** Milliseconds; a Raspberry Pi needs some minutes for an OpenClaw. */
const PATIENCE_MS = 120_000;

/** Name that systemd-run gives to an unnamed scope. */
const UNNAMED = /^run-.*\.scope$/;

/**
 * Control group for a program that gets only what the gateway leaves. Idle, not just of low weight: an EEVDF kernel
 * lets a process finish its slice of some milliseconds at any weight, and only an idle group yields at once. systemd
 * refuses such a scope before version 252.
 * @throws ReleasesError `supervisor_not_found` where that systemd does not run
 */
export function idleScope(scope: Scope): Background {
  const bus = busVariables(scope);
  const properties = ['CPUWeight=idle', ...scopeLimits()];
  return {
    command: [
      ...['env', ...Object.entries(bus).map(([name, value]) => `${name}=${value}`)],
      ...['systemd-run', `--${scope}`, '--no-ask-password', '--scope', '--quiet', '--collect'],
      ...['--description=OpenClaw releases: a release is made ready'],
      ...[...properties.map((property) => `--property=${property}`), '--'],
      // Hides the way to systemd from the installed code.
      ...['env', ...Object.keys(bus).map((name) => `--unset=${name}`)],
    ],
    patienceMs: PATIENCE_MS,
    async hurry(pid) {
      const unit = controlGroupsOf(pid)
        .map((path) => basename(path))
        .find((name) => UNNAMED.test(name));
      if (unit) await systemctl(scope, 'set-property', '--runtime', '--', unit, WEIGHT);
    },
  };
}

function busVariables(scope: Scope): Record<string, string> {
  const given = process.env.DBUS_SESSION_BUS_ADDRESS;
  return { ...(scope === 'user' && given && { DBUS_SESSION_BUS_ADDRESS: given }), ...busEnvironment(scope) };
}
