import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
import { realPath } from '../host/real-path.js';
import type { Scope } from '../host/systemd/systemctl.js';
import { type Setting, sectionOf } from '../host/systemd/unit-file.js';
import {
  escapePath,
  escapeQuoted,
  quoteArgument,
  quoteProgram,
  renderTemplate,
} from '../host/systemd/unit-template.js';
import { homeDirectory } from '../host/user.js';
import type { PlannedFile } from '../host/written.js';
import { missingPolicy } from '../openclaw/service-policy.js';
import { commandWith } from './gateway-command.js';
import type { Install } from './install.js';
import { DROP_IN_SUFFIX, type GatewayUnit } from './unit.js';

/** Everything that adopting changes outside of the releases; plain, printable data. */
export interface UnitChange {
  root: string;
  scope: Scope;
  unit: string;
  dropIn: string;
  recoverUnit: string;
  rescueUnit: string;
  /** Settings of the drop-in that the launcher needs in the unit's sandbox. */
  added?: Setting[];
  writes: PlannedFile[];
}

export interface UnitChangeRequest {
  install: Pick<Install, 'unit' | 'command'>;
  /** Absolute path. */
  root: string;
  /** Command of the unit that runs before the gateway at boot: absolute program and its arguments. */
  recover: string[];
  /** From `fitSandbox`. */
  added?: Setting[];
  /** The release that the unit starts: what it asks of its unit is added. */
  version?: string | undefined;
  env?: NodeJS.ProcessEnv;
}

const RESCUE = ownFile('layout/bin/rescue');

const CLI = ownFile('dist/cli/main.cjs');

/** Command of the unit that runs before the gateway at boot. */
export function recoverCommandOf(root: string): string[] {
  return ownCommand(root, 'recover', '--boot', '--root', root);
}

/** Command of this program for a unit. The Node of a release goes with it, so the unit gets that of the current one. */
export function ownCommand(root: string, ...words: string[]): string[] {
  const isOfRelease = process.execPath.startsWith(`${join(root, 'runtimes')}/`);
  return [isOfRelease ? join(root, 'current/node') : process.execPath, CLI, ...words];
}

function unitWord(name: string): string {
  return name.includes('\\') ? quoteArgument(name) : name;
}

/**
 * Plans how the unit starts `bin/gateway` of the root. Writes nothing.
 * @throws ReleasesError `supervisor_not_found` without a unit, `supervisor_failed` when its drop-ins leave no name to
 *   sort behind them, `root_invalid` for a path that no unit file can hold
 */
export function planUnitChange(request: UnitChangeRequest): UnitChange {
  const { install, root, recover, added = [], version, env = process.env } = request;
  const { unit, command } = install;
  if (!unit || !command) {
    throw refuse(
      'supervisor_not_found',
      'No unit of systemd starts this OpenClaw.',
      'openclaw gateway install',
    );
  }
  const { scope, name } = unit;
  const directory = unitDirectory(scope, env);
  const dropIn = join(directory, `${name}.d`, dropInName(unit));
  const [recoverUnit, rescueUnit] = [companion('recover', name), companion('rescue', name)];
  const target = scope === 'user' ? 'default.target' : 'multi-user.target';
  const values = {
    ROOT: escapeQuoted(root),
    ROOT_PATH: escapePath(root),
    COMMAND: commandWith(command, join(root, 'bin/gateway')),
    RESCUE: quoteProgram(join(root, 'bin/rescue')),
    UNIT: name,
    // A command line has escapes of its own, and a name can have some, such as \\x2d.
    UNIT_WORD: unitWord(name),
    RESCUE_UNIT: rescueUnit,
    SANDBOX: linesUnder("The launcher needs these in the unit's sandbox: adopt has tried it there.", added),
    POLICY: policyLines(unit, version),
    USER: scope === 'system' && unit.user ? `User=${escapePath(unit.user)}` : '',
    SCOPE: `--${scope}`,
    TARGET: target,
    RECOVER: recover.map((word, at) => (at === 0 ? quoteProgram(word) : quoteArgument(word))).join(' '),
    // The gateway's user may not start a system unit, and root must run nothing that this user can write to.
    START:
      scope === 'system'
        ? ['reset-failed', '--no-block start']
            .map((verb) => `ExecStart=+${systemctl()} ${verb} -- ${unitWord(name)}`)
            .join('\n')
        : '',
  };
  const file = (path: string, template: string, mode = 0o644): PlannedFile => {
    return { kind: 'file', path, content: renderTemplate(template, values), mode };
  };
  const recoverPath = join(directory, recoverUnit);
  const writes: PlannedFile[] = [
    { kind: 'file', path: join(root, 'bin/rescue'), content: readFileSync(RESCUE, 'utf8'), mode: 0o755 },
    file(join(directory, rescueUnit), 'rescue.service.in'),
    file(recoverPath, 'recover.service.in'),
    // The link that `systemctl enable` would make, so that the plan covers everything to undo.
    { kind: 'link', path: join(directory, `${target}.wants`, recoverUnit), target: recoverPath },
    // Written last, because it makes the unit start another program.
    file(dropIn, 'gateway.conf.in', unit.mode),
  ];
  return { root, scope, unit: name, dropIn, recoverUnit, rescueUnit, added, writes };
}

export function unitDirectory(scope: Scope, env: NodeJS.ProcessEnv): string {
  if (scope === 'system') return '/etc/systemd/system';
  // The real path, or an adoption through another name of the home would record our own files as earlier ones.
  return realPath(join(env.XDG_CONFIG_HOME || join(homeDirectory(env), '.config'), 'systemd/user'));
}

/** `openclaw-releases-rescue.service`; units of other names get their own companions. */
export function companion(role: 'recover' | 'rescue' | 'auto', unit: string): string {
  const stem = basename(unit, '.service');
  return `openclaw-releases-${role}${stem === 'openclaw-gateway' ? '' : `-${stem}`}.service`;
}

/** Drop-ins apply in the order of their names, across all directories; ours must be last. */
function dropInName(unit: GatewayUnit): string {
  const others = unit.dropIns.map((path) => basename(path)).filter((name) => !name.endsWith(DROP_IN_SUFFIX));
  for (let length = 2; length <= 8; length++) {
    const name = `${'z'.repeat(length)}${DROP_IN_SUFFIX}`;
    if (others.every((other) => Buffer.compare(Buffer.from(other), Buffer.from(name)) < 0)) return name;
  }
  throw refuse(
    'supervisor_failed',
    `${unit.name} has a drop-in that nothing can sort behind.`,
    `systemctl --${unit.scope} cat ${unit.name}`,
  );
}

/** Lines of the drop-in for what a release asks of its unit and the unit's own files do not say. */
export function policyLines({ own }: Pick<GatewayUnit, 'own'>, version: string | undefined): string {
  return linesUnder(POLICY, version === undefined ? [] : missingPolicy(own, version));
}

export const POLICY = 'The current release and its launcher ask for these.';

function linesUnder(title: string, settings: Setting[]): string {
  if (settings.length === 0) return '';
  const linesOf = (section: string) =>
    settings.filter(({ key }) => sectionOf(key) === section).map(({ key, value }) => `${key}=${value}`);
  const ofUnit = linesOf('Unit');
  return [`# ${title}`, ...linesOf('Service'), ...(ofUnit.length > 0 ? ['[Unit]', ...ofUnit] : [])].join(
    '\n',
  );
}

function systemctl(): string {
  return ['/usr/bin/systemctl', '/bin/systemctl'].find((path) => existsSync(path)) ?? '/usr/bin/systemctl';
}

function refuse(
  code: 'supervisor_not_found' | 'supervisor_failed',
  message: string,
  hint: string,
): ReleasesError {
  return new ReleasesError(code, message, { hint });
}
