import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { RELEASE_VARIABLE, START_VARIABLE } from '../host/gateway-process.js';
import { environmentOf } from '../host/process.js';
import type { Root } from '../store/root.js';
import type { Inspection, Supervisor } from '../supervisor/supervisor.js';

/**
 * Reads the release of a process from its start environment, kept by the kernel: OpenClaw rewrites its command line,
 * and `current` names only the next start. Null for another origin, or a process that is still starting.
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

export async function inspectIfThere(supervisor: Supervisor): Promise<Inspection | null> {
  try {
    return await supervisor.inspect();
  } catch (error) {
    if (error instanceof ReleasesError && error.code === 'supervisor_not_found') return null;
    throw error;
  }
}

/**
 * Full start environment: an inspection has only part of it, and the configuration may refer to more. Without the mark
 * of its start: a process with the mark ends with the gateway. Contains secrets: never print or store it.
 */
export function wholeLaunch({ launch, pid }: Inspection): Inspection['launch'] {
  const env = { ...launch.env, ...(pid === null ? {} : environmentOf(pid)) };
  delete env[START_VARIABLE];
  return { args: launch.args, env };
}
