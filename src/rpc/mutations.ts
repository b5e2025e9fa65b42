import { exclusive } from '../change/exclusive.js';
import { requestCancel } from '../control/cancel.js';
import { holdUpdates, releaseHold } from '../control/hold.js';
import type { Environment } from '../ledger/environment.js';
import { readManifest } from '../store/manifest.js';
import { pin, unpin } from '../store/policy.js';
import { resolveReleaseName } from '../views/release.js';
import { type Field, id, optionalText, readFields, refuse, text } from './params.js';

const RELEASE = { release: text(128) };

/** @throws ReleasesError `params_invalid`, `release_not_found`, `locked` */
export function pinRelease(environment: Environment, params: unknown): Promise<object> {
  return pinning(environment, params, 'releases.pin');
}

/** @throws ReleasesError `params_invalid`, `locked` */
export function unpinRelease(environment: Environment, params: unknown): Promise<object> {
  return pinning(environment, params, 'releases.unpin');
}

async function pinning(
  environment: Environment,
  params: unknown,
  method: 'releases.pin' | 'releases.unpin',
): Promise<object> {
  const { release } = readFields(params, RELEASE, method);
  if (release === undefined) throw refuse('release', 'the id of a release', release);
  const { root } = environment;
  const named = resolveReleaseName(root, release);
  if (method === 'releases.pin') readManifest(root, named);
  const edit = method === 'releases.pin' ? pin : unpin;
  const doing = `${method} ${named}`;
  const { pins } = await exclusive(environment, { doing, recover: false }, () => edit(root, named));
  return { ok: true, release: named, pins };
}

const until: Field<string | null> = (value, name) => {
  if (value === null) return null;
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (/^\d{4}-\d\d-\d\d/.test(String(value)) && time > Date.now()) return new Date(time).toISOString();
  throw refuse(name, 'a date and time to come, as 2026-12-24T18:00:00Z, or null for no end', value);
};

/** @throws ReleasesError `params_invalid`, `locked`, `already_switched` */
export async function holdFor({ root }: Environment, params: unknown): Promise<object> {
  const values = readFields(params, { until, why: optionalText(500) }, 'releases.hold');
  const end = typeof values.until === 'string' ? new Date(values.until) : null;
  return { ok: true, ...(await holdUpdates(root, end, values.why ?? null, 'gateway')) };
}

/** @throws ReleasesError `params_invalid`, `locked` */
export async function liftHold({ root }: Environment, params: unknown): Promise<object> {
  readFields(params, {}, 'releases.unhold');
  await releaseHold(root);
  return { ok: true, hold: null };
}

/**
 * Signals `cancel` and returns at once: the owner undoes the steps, and `update.status` shows the progress.
 * @throws ReleasesError `params_invalid`, `no_active_change`, `already_switched`
 */
export async function cancelChange({ root }: Environment, params: unknown): Promise<object> {
  const { change: named } = readFields(params, { change: id }, 'releases.cancel');
  const change = requestCancel(root, 'gateway', named);
  return { ok: true, change: change.id, phase: 'requested' };
}
