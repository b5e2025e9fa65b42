import { existsSync, realpathSync } from 'node:fs';
import { ReleasesError } from '../core/errors.js';
import { typed } from '../host/systemd/systemctl.js';
import { runTrialUnit } from '../host/systemd/trial-unit.js';
import { type Setting, settingsIn } from '../host/systemd/unit-file.js';
import { escapeQuoted } from '../host/systemd/unit-template.js';
import { findStatePlace } from '../state/place.js';
import type { Inspection } from '../supervisor/supervisor.js';
import { findPrograms } from './program.js';
import {
  FILES,
  isSet,
  NEEDS,
  type Need,
  OWNER,
  restrictionsOf,
  sandboxOf,
  TOOLS,
  UNKNOWN,
  unmetSentence,
} from './sandbox-needs.js';
import { type TrialPlaces, trialCommand, tryInside } from './sandbox-trial.js';
import type { GatewayUnit } from './unit.js';

/** Programs of the launcher, as `bin/gateway` calls them. */
const TOOLS_OF_LAUNCHER = ['readlink', 'dd', 'rm', 'cat', 'mv', 'ln', 'sync'];

/** Programs that only the trial calls. */
const TRIAL_TOOLS = ['mkdir', 'chmod', 'stat'];

type Sandboxed = Pick<GatewayUnit, 'name' | 'scope' | 'own' | 'specifiers'>;

/**
 * Finds the least that the drop-in must add to a unit for the launcher to do its work in the unit's sandbox. Tries it,
 * in a unit of the same sandbox, until it works.
 * @throws ReleasesError `sandbox_forbids` where no addition helps, `supervisor_not_found`, `supervisor_failed`
 */
export async function fitSandbox(unit: Sandboxed, places: TrialPlaces): Promise<Setting[]> {
  if (!isSandboxed(unit, places.root)) return [];
  const { scope, own: service } = unit;
  const { environment } = service;
  const path = environment.PATH ? [{ key: 'Environment', value: quoted(`PATH=${environment.PATH}`) }] : [];
  const own = sandboxOf(settingsIn(service)).map((setting) => withName(setting, unit.specifiers));
  const argv = trialCommand(places);
  // Ends, because each need is met once.
  const attempt = async (added: Setting[], met: Need[]): Promise<Setting[]> => {
    const forTrial = met.includes(TOOLS) ? [executable(TRIAL_TOOLS, environment.PATH)] : [];
    const code = await runTrialUnit({ scope, settings: [...own, ...path, ...forTrial, ...added], argv });
    if (code === 0) return added;
    const need = NEEDS[code] ?? UNKNOWN;
    const remedy = met.includes(need) ? [] : remedyFor(code, unit, places.root);
    if (remedy.length === 0) throw forbids(unit, need, places.root);
    return attempt([...added, ...remedy], [...met, need]);
  };
  return attempt([], []);
}

/**
 * Returns the need that the sandbox of a running gateway does not meet; null when it meets all, or cannot be looked at.
 */
export async function unmetNeed({ pid, launch }: Inspection, root: string): Promise<Need | null> {
  if (pid === null) return null;
  const { directory } = findStatePlace(launch);
  const state = existsSync(directory) ? directory : null;
  const code = await tryInside(pid, { root, state });
  return code === null || code === 0 ? null : (NEEDS[code] ?? UNKNOWN);
}

/** Settings that allow a unit what it could not do; empty where there are none. */
function remedyFor(code: number, { own }: Sandboxed, root: string): Setting[] {
  const { environment } = own;
  const path = quoted(root);
  switch (code) {
    case 40:
    case 203:
      return [executable(['sh', ...TOOLS_OF_LAUNCHER], environment.PATH)];
    case 42: {
      const bound = { key: 'BindPaths', value: path };
      // Nothing can be mounted below a directory that nobody may enter; an empty one hides the same.
      const isClosed = /^(yes|true|on|1)$/.test(own.assigned.ProtectHome?.at(-1) ?? '');
      return isClosed ? [{ key: 'ProtectHome', value: 'tmpfs' }, bound] : [bound];
    }
    case 43:
      return [{ key: 'ReadWritePaths', value: path }];
    case 45:
      return [{ key: 'ExecPaths', value: path }];
    default:
      return [];
  }
}

function executable(names: string[], searchPath = '/usr/bin:/bin'): Setting {
  const found = names.flatMap((name) => findPrograms(name, `${searchPath}:/bin`).slice(0, 1));
  const programs = new Set(found.map((path) => realpathSync(path)));
  return { key: 'ExecPaths', value: [...programs].map(quoted).join(' ') };
}

/**
 * True for a unit that restricts its processes.
 * @throws ReleasesError `sandbox_forbids` for a file system or a user of its own: its files, or their owner, are others
 */
export function isSandboxed(unit: Sandboxed, root: string): boolean {
  const settings = settingsIn(unit.own);
  const has = (name: string) => isSet(settings.findLast(({ key }) => key === name));
  if (has('RootDirectory') || has('RootImage')) throw forbids(unit, FILES, root);
  if (has('DynamicUser') && !has('User')) throw forbids(unit, OWNER, root);
  return restrictionsOf(settings).length > 0;
}

function forbids({ name, scope, own }: Sandboxed, need: Need, root: string): ReleasesError {
  return new ReleasesError('sandbox_forbids', unmetSentence(name, need, settingsIn(own)), {
    hint: `${typed(scope, 'edit', name)}, to change that setting for ${root}; or another root directory with --root`,
  });
}

function quoted(text: string): string {
  return `"${escapeQuoted(text)}"`;
}

const OF_THE_NAME = 'nNpPiIjJfyY';

/** Fills in the specifiers for the name of the unit, which the trial does not have. */
function withName({ key, value }: Setting, specifiers: Record<string, string>): Setting {
  const fill = (all: string, letter: string) =>
    OF_THE_NAME.includes(letter) ? (specifiers[letter] ?? all).replaceAll('%', '%%') : all;
  return { key, value: value.replace(/%(.)/g, fill) };
}
