import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { ownFile } from '../core/own-files.js';
import { exec } from '../host/exec.js';
import { findStatePlace } from '../state/place.js';
import type { GatewayUnit } from './unit.js';

const SCRIPT = ownFile('layout/systemd/sandbox-trial');

/** Milliseconds; it takes some dozens. */
const LIMIT_MS = 20_000;

export interface TrialPlaces {
  /** Absolute path of the root, which exists. */
  root: string;
  /** Absolute path of the state directory; null where there is none yet. */
  state: string | null;
}

/** Places of a unit's gateway, for the user that it runs as. */
export function placesOf(
  { own: { commands, environment } }: Pick<GatewayUnit, 'own'>,
  root: string,
  home: string,
): TrialPlaces {
  const args = commands.flatMap(({ words }) => words.map(({ value }) => value));
  const { directory } = findStatePlace({ args, env: { HOME: home, ...environment } });
  return { root, state: existsSync(directory) ? directory : null };
}

/** Command line of the trial; its text is in it, because a sandbox can hide the file. */
export function trialCommand({ root, state }: TrialPlaces, view = ''): string[] {
  const seen = (path: string) => [`${view}${path}`, idOf(path)];
  return [
    ...['/bin/sh', '-c', readFileSync(SCRIPT, 'utf8'), 'sandbox-trial'],
    ...seen(root),
    ...(state === null ? [] : seen(state)),
  ];
}

function idOf(path: string): string {
  const { dev, ino } = statSync(path);
  return `${dev}:${ino}`;
}

/**
 * Tries the launcher's work on the files as a running process sees them, through `/proc/<pid>/root`. Its mounts answer
 * there, and not its filters of system calls, which `adopt` has tried.
 * @returns exit code of the trial; null where that process sees what this one does, or cannot be looked at
 */
export async function tryInside(pid: number, places: TrialPlaces): Promise<number | null> {
  try {
    if (readlinkSync('/proc/self/ns/mnt') === readlinkSync(`/proc/${pid}/ns/mnt`)) return null;
  } catch {
    return null;
  }
  const [program = '', ...args] = trialCommand(places, `/proc/${pid}/root`);
  return (await exec(program, args, { env: process.env, timeoutMs: LIMIT_MS })).code;
}
