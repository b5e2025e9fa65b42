import { seeChange } from '../control/detached/interrupted.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import { listChanges } from '../ledger/ledger.js';
import { readManifest, releaseDirectory } from '../store/manifest.js';
import { holdOf, quarantineOf, readPolicy } from '../store/policy.js';
import { listing, NOT_KNOWN, resolveReleaseName, verifyRelease } from '../views/releases.js';
import { overview } from '../views/status.js';
import { changeDocument } from './change-document.js';
import { integer, readFields, text } from './params.js';
import { updateStatus } from './update-status.js';

const RELEASE = { release: text(128) };

/** @throws ReleasesError `params_invalid`, `supervisor_failed` */
export async function listReleases(environment: Environment, params: unknown): Promise<object> {
  readFields(params, {}, 'releases.list');
  const { root } = environment;
  const { releases, ...rest } = await listing(root, supervisorOf(environment));
  return {
    ok: true,
    releases: releases.map(({ manifest, marks, readable: { reads, why } }) => ({
      ...manifest,
      ...{ marks, stateCompatibility: reads, stateReason: why },
    })),
    ...rest,
    hold: holdOf(readPolicy(root)),
  };
}

/** @throws ReleasesError `params_invalid`, `no_current`, `release_not_found` */
export async function showRelease(environment: Environment, params: unknown): Promise<object> {
  const { release = 'current' } = readFields(params, RELEASE, 'releases.show');
  const { root } = environment;
  const manifest = readManifest(root, resolveReleaseName(root, release));
  const { releases } = await listing(root, supervisorOf(environment));
  const listed = releases.find(({ manifest: { id } }) => id === manifest.id);
  const { marks, readable } = listed ?? { marks: [], readable: NOT_KNOWN };
  const quarantine = quarantineOf(readPolicy(root), manifest.id);
  const path = releaseDirectory(root, manifest.id);
  return {
    ok: true,
    path,
    marks,
    stateCompatibility: readable.reads,
    stateReason: readable.why,
    quarantine,
    ...manifest,
  };
}

/** Returns `update.status` with the overview of the host under `host`. */
export async function showStatus(
  environment: Environment,
  params: unknown,
  mayEnd: boolean,
): Promise<object> {
  const status = await updateStatus(environment, params, mayEnd);
  const { root } = environment;
  const { last: _, ...host } = await overview(root, supervisorOf(environment));
  return { ...status, host: { ...host, hold: holdOf(readPolicy(root)) } };
}

const HISTORY = { limit: integer(1, 1000, 'changes') };

/** Newest last. @throws ReleasesError `params_invalid` */
export async function showHistory({ root }: Environment, params: unknown): Promise<object> {
  const { limit = 50 } = readFields(params, HISTORY, 'releases.history');
  const changes = listChanges(root).slice(-limit);
  return { ok: true, changes: changes.map(({ id }) => changeDocument(root, seeChange(root, id))) };
}

/** `ok`: all files match the seal. @throws ReleasesError `params_invalid`, `release_not_found` */
export async function verify({ root }: Environment, params: unknown): Promise<object> {
  const { release = 'current' } = readFields(params, RELEASE, 'releases.verify');
  const { id, treeDigest, files, differences } = await verifyRelease(root, resolveReleaseName(root, release));
  return { ok: differences.length === 0, release: id, treeDigest, files, differences };
}
