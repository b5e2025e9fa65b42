import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { valid } from 'semver';
import { ReleasesError } from '../core/errors.js';
import { exec, problemOf } from '../host/exec.js';
import { cleanEnvironment } from '../registry/environment.js';

const TIMEOUT_MS = 60_000;

export interface ProbeRequest {
  node: string;
  main: string;
  /** Home and state directory of the program; created and removed here. */
  scratch: string;
  signal?: AbortSignal | undefined;
}

/**
 * Runs a staged release to get its version, in a separate home, so that it cannot touch the gateway's state.
 * @throws ReleasesError `probe_failed`, `interrupted`
 */
export async function probeVersion({ node, main, scratch, signal }: ProbeRequest): Promise<string> {
  const place = { HOME: scratch, OPENCLAW_STATE_DIR: join(scratch, 'state'), TMPDIR: join(scratch, 'tmp') };
  try {
    await mkdir(place.TMPDIR, { recursive: true });
    const env = cleanEnvironment({ ...place, OPENCLAW_NO_AUTO_UPDATE: '1', NO_COLOR: '1' });
    const result = await exec(node, [main, '--version'], {
      cwd: scratch,
      env,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    if (!result.ok) throw failed(`The staged release does not start (${problemOf(result)}).`);
    const version = result.stdout.split(/\s+/).find((word) => valid(word) === word);
    if (version) return version;
    throw failed('The staged release starts and does not say its version.');
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function failed(message: string): ReleasesError {
  return new ReleasesError('probe_failed', message, {
    hint: 'Stage it again, or another version; what runs stays as it is.',
  });
}
