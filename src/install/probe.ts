import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { valid } from 'semver';
import { ReleasesError } from '../core/errors.js';
import { cleanEnvironment } from '../registry/environment.js';
import { run } from '../registry/run.js';

const TIMEOUT_MS = 60_000;

export interface ProbeRequest {
  /** The Node to run it on; absolute. */
  node: string;
  /** The program of the release; absolute. */
  main: string;
  /** A directory that may be made and is removed again: the home and the state that the program sees. */
  scratch: string;
  signal?: AbortSignal | undefined;
}

/**
 * Asks a staged release for its version by running it, in a home of its own, so that it can neither see nor touch
 * the state of the gateway that runs.
 * @returns the version that it prints
 * @throws ReleasesError `probe_failed`, `interrupted`
 */
export async function probeVersion({ node, main, scratch, signal }: ProbeRequest): Promise<string> {
  const place = { HOME: scratch, OPENCLAW_STATE_DIR: join(scratch, 'state'), TMPDIR: join(scratch, 'tmp') };
  try {
    await mkdir(place.TMPDIR, { recursive: true });
    const env = cleanEnvironment({ ...place, OPENCLAW_NO_AUTO_UPDATE: '1', NO_COLOR: '1' });
    const { ok, stdout, problem } = await run(node, [main, '--version'], {
      cwd: scratch,
      env,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    if (!ok) throw failed(`The staged release does not start (${problem}).`);
    const version = stdout.split(/\s+/).find((word) => valid(word) === word);
    if (version) return version;
    throw failed('The staged release starts and does not say its version.');
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function failed(message: string): ReleasesError {
  return new ReleasesError('probe_failed', message, {
    hint: 'Stage it again, or another version; what runs stays as it is.',
    untouched: 'Nothing that runs was changed.',
  });
}
