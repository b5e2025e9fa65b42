import { join } from 'node:path';
import { preflight } from '../../candidate/preflight.js';
import type { StatePlace } from '../../state/place.js';
import { throwIfInterrupted } from '../../state/snapshot/interrupted.js';
import { type Manifest, releaseDirectory } from '../../store/manifest.js';
import type { CompatibilityCheck } from './boot-check.js';
import type { Reads } from './rules.js';

/**
 * The gateway's own database and its agents'; other databases belong to plugins, and no release declares their
 * versions.
 */
const STATE = 'state/openclaw.sqlite';
const AGENT = /^agents\/([^/]+)\/agent\/openclaw-agent\.sqlite$/;

/** `databases` is true: a snapshot of the configuration alone would not help. */
export const no = (why: string): Reads => ({ reads: 'no', why, databases: true });

/** `asItIs`: needs no migration, which is where a start can fail. */
type Asked = Reads | { reads: 'yes'; why: string; asItIs: boolean };

/**
 * Asks a release about each database of a copy that has a version declared by the release.
 * @param directory a temporary home for the release is made below it, and removed again
 * @throws ReleasesError `interrupted`
 */
export async function askDatabases(
  { root, today, signal }: CompatibilityCheck,
  { id, main, schemas }: Manifest,
  copy: StatePlace,
  directory: string,
): Promise<Asked> {
  const release = releaseDirectory(root, id);
  const program = {
    node: join(release, 'node'),
    main: join(release, main),
    scratch: join(directory, 'ask'),
    signal,
  };
  let [any, asItIs] = [false, true];
  for (const [path, version] of Object.entries(today.databases)) {
    const agent = AGENT.exec(path)?.[1];
    if (path !== STATE && agent === undefined) continue;
    any = true;
    const database = join(copy.directory, path);
    const found = await preflight({ ...program, database, of: agent === undefined ? 'state' : { agent } });
    throwIfInterrupted(signal);
    if (found.answer === 'incompatible') return no(`${path} has ${found.why}`);
    if (found.answer === 'readable') {
      asItIs &&= found.asItIs;
      continue;
    }
    // Releases before 2026.9.6 cannot be asked about this one, but their manifest has the newest version they know.
    const known = agent === undefined ? schemas?.state : schemas?.agent;
    if (known === undefined) return { reads: 'unknown', why: `of ${path} it cannot tell: ${found.why}` };
    if (version > known) return no(`${path} has version ${version}, and it knows ${known}`);
    asItIs &&= version === known;
  }
  if (!any) return { reads: 'unknown', why: 'there is no database that it could be asked about' };
  return { reads: 'yes', why: 'it says so of a copy of each database', asItIs };
}
