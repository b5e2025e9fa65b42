import { ReleasesError } from '../../core/errors.js';
import { type OutsideProgram, parseProgram } from '../outside-program.js';
import { userName } from '../user.js';
import { limits } from './limits.js';
import { lingers } from './linger.js';
import { askSystemd, type Scope, typed, type UnitAddress } from './systemctl.js';
import { readUnit } from './unit.js';

const PROPERTIES = [
  // Fails when the program cannot be executed; the default type reports success.
  'Type=exec',
  // The program itself reports a child that ran out of memory.
  'OOMPolicy=continue',
  // Refused, failed and rolled back are answers, not failures of the unit.
  'SuccessExitStatus=3 4 5',
  'KillMode=control-group',
  'StandardOutput=journal',
  'StandardError=journal',
];

/** Names that systemd accepts; npm's stranger ones (`npm_config_@scope:registry`) are left out. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Runs a program in its own transient unit. A detached child would stay in the gateway's control group, which
 * `KillMode=control-group` empties at each restart.
 * @param gateway its user runs the program in a system unit
 * @throws ReleasesError `supervisor_not_found`, `supervisor_failed`, `usage`
 */
export async function runBeside(gateway: UnitAddress, program: OutsideProgram): Promise<{ follow: string }> {
  const {
    name,
    argv: [path = '', ...args],
    env,
  } = parseProgram({ ...program });
  const scope = scopeFor(gateway);
  requireLasting(gateway);
  const unit = `openclaw-releases-${name}`;
  const properties = [...PROPERTIES, ...limits()].flatMap((property) => ['--property', property]);
  // Passes names without values: every user of the machine can read a command line.
  const variables = Object.keys(env).filter((variable) => VARIABLE.test(variable));
  // systemd expands variables in the arguments of a service.
  const command = [path, ...args.map((arg) => arg.replaceAll('$', '$$$$'))];
  const answer = await askSystemd(
    'systemd-run',
    scope,
    [
      ...['--quiet', '--collect', `--unit=${unit}`, `--description=OpenClaw releases: ${name}`],
      ...(await owner(gateway, scope)),
      ...properties,
      ...variables.map((variable) => `--setenv=${variable}`),
      ...['--', ...command],
    ],
    env,
  );
  if (!answer.ok) {
    throw new ReleasesError('supervisor_failed', `systemd did not start ${unit}: ${answer.stderr}`, {
      hint: typed(scope, 'status', unit),
    });
  }
  return { follow: `journalctl ${scope === 'user' ? '--user ' : ''}-fu ${unit}` };
}

/** The user of a system unit may not start others there, but has its own systemd if it lingers. */
export function scopeFor(gateway: UnitAddress): Scope {
  return process.getuid?.() === 0 ? gateway.scope : 'user';
}

/**
 * True where a unit beside the gateway ends some seconds after the last session of its user, as that user's systemd
 * does, while the gateway is the system's and stays.
 */
export function endsWithSession(gateway: UnitAddress): boolean {
  return scopeFor(gateway) !== gateway.scope && lingers() === false;
}

/** @throws ReleasesError `supervisor_not_found` where `endsWithSession` */
export function requireLasting(gateway: UnitAddress): void {
  if (!endsWithSession(gateway)) return;
  const enable = `sudo loginctl enable-linger ${userName()}`;
  throw new ReleasesError(
    'supervisor_not_found',
    `A worker beside the gateway would end with the last session of its user (${enable}).`,
    { hint: `${enable}; or the same command from a shell outside of the gateway` },
  );
}

/** A system unit would run as root and leave files that the gateway's user cannot change. */
async function owner(gateway: UnitAddress, scope: Scope): Promise<string[]> {
  if (scope === 'user') return [];
  const { user, group } = await readUnit(gateway);
  return [...(user ? [`--uid=${user}`] : []), ...(group ? [`--gid=${group}`] : [])];
}
