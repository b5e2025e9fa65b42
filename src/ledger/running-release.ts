import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { environmentOf, executableOf } from '../host/process.js';
import type { Root } from '../store/root.js';
import type { Inspection, Supervisor } from '../supervisor/supervisor.js';

/** What the launcher puts into the environment of the process that it becomes. */
const RELEASE_VARIABLE = 'OPENCLAW_RELEASES_RELEASE';

/**
 * The release that a process was started from, read from what the kernel keeps of its start: the command line is
 * rewritten by OpenClaw, and `current` says what will be started next, not what runs. Null when it is none of this
 * root's, or is not far enough into its start to tell.
 */
export function releaseOfProcess(root: Root, pid: number): string | null {
  const directory = environmentOf(pid)[RELEASE_VARIABLE];
  if (!directory || !isInside(root.releases, directory)) return null;
  return basename(directory);
}

function isInside(releases: string, directory: string): boolean {
  try {
    return dirname(directory) === realpathSync(releases);
  } catch {
    return false;
  }
}

export function runningRelease(root: Root, inspection: Inspection): string | null {
  return inspection.pid === null ? null : releaseOfProcess(root, inspection.pid);
}

/** What the supervisor says, or null when there is none. */
export async function inspectIfThere(supervisor: Supervisor): Promise<Inspection | null> {
  try {
    return await supervisor.inspect();
  } catch (error) {
    if (error instanceof ReleasesError && error.code === 'supervisor_not_found') return null;
    throw error;
  }
}

/**
 * What the gateway was started with, all of it: an inspection has what finds its state, and its configuration may refer
 * to more. Holds its secrets: never print it, never store it.
 */
export function wholeLaunch({ launch, pid }: Inspection): Inspection['launch'] {
  return { args: launch.args, env: { ...launch.env, ...(pid === null ? {} : environmentOf(pid)) } };
}

/** Whether the program that a process runs is the one that its release is started with. */
export function runsProgram(pid: number, program: string): boolean {
  try {
    return executableOf(pid) === realpathSync(program);
  } catch {
    return false;
  }
}
