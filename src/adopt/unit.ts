import { statSync } from 'node:fs';
import { plainText } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { ifPossible } from '../core/if-possible.js';
import { profileOf, profileSuffix } from '../core/profile.js';
import type { CommandLine } from '../host/systemd/command-line.js';
import { specifiersOf } from '../host/systemd/specifiers.js';
import type { Scope, UnitAddress } from '../host/systemd/systemctl.js';
import { showUnit, type UnitStatus } from '../host/systemd/unit.js';
import { readSettings, type ServiceSettings } from '../host/systemd/unit-file.js';

/** Unit that `openclaw gateway install` makes for the profile of an environment. */
export function defaultUnit(env: NodeJS.ProcessEnv = process.env): string {
  return `openclaw-gateway${profileSuffix(profileOf(env))}.service`;
}

export const DROP_IN_SUFFIX = '-openclaw-releases.conf';

export interface GatewayUnit {
  name: string;
  scope: Scope;
  /** Paths in the order in which they apply, ours included. */
  dropIns: string[];
  /** Settings without our drop-in, which `unadopt` returns to. */
  own: ServiceSettings;
  /** Settings in force. */
  now: ServiceSettings;
  /** Texts that give `own`, and what their specifiers mean. */
  texts: string[];
  specifiers: Record<string, string>;
  /** Permissions that all of these files give; a command line may hold secrets. */
  mode: number;
  /** False when systemd read another command in the same files. */
  isUnderstood: boolean;
  /** `User=` of a system unit. */
  user: string | null;
  status: Pick<UnitStatus, 'loadState' | 'description' | 'needsReload'>;
}

/**
 * Reads the unit of a gateway; null when systemd does not know it or it has no unit file.
 * @throws ReleasesError `supervisor_failed` when systemd does not answer
 */
export async function readGatewayUnit(
  address: UnitAddress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<GatewayUnit | null> {
  const status = await showIfThere(address);
  if (!status?.path) return null;
  const { path, dropIns } = status;
  const specifiers = specifiersOf(address, path, env);
  // A file that was removed after systemd loaded it is empty here; `NeedDaemonReload` reports that.
  const textsOf = (paths: string[]) => paths.map((path) => plainText(path) ?? '');
  const texts = textsOf([path, ...dropIns.filter((dropIn) => !dropIn.endsWith(DROP_IN_SUFFIX))]);
  const now = readSettings(textsOf([path, ...dropIns]), specifiers);
  const modes = [path, ...dropIns].flatMap((file) => ifPossible(() => statSync(file).mode) ?? []);
  return {
    name: address.unit,
    scope: address.scope,
    dropIns,
    own: readSettings(texts, specifiers),
    now,
    texts,
    specifiers,
    mode: modes.reduce((all, mode) => all & mode, 0o644) | 0o600,
    isUnderstood: status.needsReload || agrees(now.commands, status.argv),
    user: status.user || null,
    status,
  };
}

/** Compares with a shown command, whose words are joined by blanks. Any text may stand for an unknown specifier. */
function agrees([command]: CommandLine[], argv: string | null): boolean {
  if (!command || argv === null) return true;
  const words = command.signs.includes('@') ? command.words.slice(1) : command.words;
  const pattern = words
    .map(({ value }) =>
      value
        .split(/%[A-Za-z]/)
        .map(escapeRegExp)
        .join('.*'),
    )
    .join(' ');
  // systemd shows a program without a path by the path where it found it.
  return new RegExp(`^(?:/\\S*/)?${pattern}$`, 's').test(argv);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Null where systemd is missing. */
export async function showIfThere(address: UnitAddress): Promise<UnitStatus | null> {
  try {
    return await showUnit(address);
  } catch (error) {
    if (error instanceof ReleasesError && error.code === 'supervisor_not_found') return null;
    throw error;
  }
}
