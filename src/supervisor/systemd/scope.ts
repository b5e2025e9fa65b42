import { basename } from 'node:path';
import type { Background } from '../../host/background.js';
import { controlGroupsOf } from './control-group.js';
import { scopeLimits, WEIGHT } from './limits.js';
import { busEnvironment, type Scope, systemctl } from './systemctl.js';

/** A Raspberry Pi needs some minutes for an OpenClaw. */
const PATIENCE_MS = 120_000;

/** What systemd-run calls a scope that was given no name. */
const UNNAMED = /^run-.*\.scope$/;

/**
 * A control group for a program that gets what the gateway leaves. An idle one, and not merely one of little weight: a kernel that
 * schedules by deadlines (EEVDF) lets whoever has begun go on for its slice of some milliseconds, whatever its weight,
 * and only an idle group gives way at once. systemd has these since 252; before, it takes no such scope.
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
      // How to reach systemd is nothing for what is installed.
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
