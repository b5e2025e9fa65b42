import { type Environment, supervisorOf } from '../ledger/environment.js';
import { listChanges } from '../ledger/ledger.js';
import { changeDocument } from '../views/change.js';
import { findRelease, listing } from '../views/releases.js';
import { overview } from '../views/status.js';
import { verifyRelease } from '../views/verification.js';
import { integer, readFields, text } from './params.js';
import { updateStatus } from './update-status.js';

const RELEASE = { release: text(128) };

/** @throws ReleasesError `params_invalid`, `supervisor_failed` */
export async function listReleases(environment: Environment, params: unknown): Promise<object> {
  readFields(params, {}, 'releases.list');
  return { ok: true, ...(await listing(environment.root, supervisorOf(environment))) };
}

/** @throws ReleasesError `params_invalid`, `no_current`, `release_not_found` */
export async function showRelease(environment: Environment, params: unknown): Promise<object> {
  const { release = 'current' } = readFields(params, RELEASE, 'releases.show');
  return { ok: true, ...(await findRelease(environment.root, supervisorOf(environment), release)) };
}

/** Returns `update.status` with the overview of the host under `host`. */
export async function showStatus(
  environment: Environment,
  params: unknown,
  mayEnd: boolean,
): Promise<object> {
  const status = await updateStatus(environment, params, mayEnd);
  const { last: _, ...host } = await overview(environment.root, supervisorOf(environment));
  return { ...status, host };
}

const HISTORY = { limit: integer(1, 1000, 'changes') };

/** Newest last. @throws ReleasesError `params_invalid` */
export async function showHistory({ root }: Environment, params: unknown): Promise<object> {
  const { limit = 50 } = readFields(params, HISTORY, 'releases.history');
  const changes = listChanges(root).slice(-limit);
  return { ok: true, changes: changes.map((change) => changeDocument(root, change)) };
}

/** @throws ReleasesError `params_invalid`, `release_not_found` */
export async function verify({ root }: Environment, params: unknown): Promise<object> {
  const { release = 'current' } = readFields(params, RELEASE, 'releases.verify');
  return verifyRelease(root, release);
}
