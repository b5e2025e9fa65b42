import { exclusive } from '../change/exclusive.js';
import { planFullCollection, planRemoval, pruneAll } from '../change/prune-plan.js';
import { requestCancel } from '../control/cancel.js';
import { holdUpdates, releaseHold, skipVersion } from '../control/hold.js';
import { ifPossible } from '../core/if-possible.js';
import { parseSpec } from '../registry/spec.js';
import { readManifest } from '../store/manifest.js';
import { pin, unpin } from '../store/policy.js';
import { checkForUpdate, lookAt } from '../timer/check.js';
import { publishedVersions } from '../timer/versions.js';
import { resolveReleaseName } from '../views/release.js';
import { type Entries, entry } from './entry.js';
import { field, flag, id, optionalText, RELEASE, refuse } from './params.js';
import { target } from './update-target.js';

const pinning = (method: 'releases.pin' | 'releases.unpin'): Entries['releases.pin'] =>
  entry(RELEASE, async ({ environment }, { release }) => {
    const { root } = environment;
    if (release === undefined) throw refuse('release', 'the id of a release', release);
    const named = resolveReleaseName(root, release);
    if (method === 'releases.pin') readManifest(root, named);
    const edit = method === 'releases.pin' ? pin : unpin;
    const doing = `${method} ${named}`;
    const { pins } = await exclusive(environment, { doing, recover: false }, () => edit(root, named));
    return { ok: true, release: named, pins };
  });

const UNTIL = 'a date and time to come, as 2026-12-24T18:00:00Z, or null for no end';

const until = field(UNTIL, (value) => {
  if (value === null) return null;
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return /^\d{4}-\d\d-\d\d/.test(String(value)) && time > Date.now() ? new Date(time) : undefined;
});

const ONE_VERSION = 'a version, as 2026.6.1';

const version = field(ONE_VERSION, (value) => {
  const spec = typeof value === 'string' && ifPossible(() => parseSpec(value));
  return spec && spec.kind === 'version' ? spec.version : undefined;
});

export const MUTATIONS = {
  'releases.pin': pinning('releases.pin'),
  'releases.unpin': pinning('releases.unpin'),
  'releases.hold': entry({ until, why: optionalText(500) }, async ({ environment }, values) => {
    const { until: end = null, why = null } = values;
    return { ok: true, ...(await holdUpdates(environment.root, end, why, 'gateway')) };
  }),
  'releases.unhold': entry({}, async ({ environment }) => {
    await releaseHold(environment.root);
    return { ok: true, hold: null };
  }),
  'releases.check': entry({ target }, async ({ environment }, { target: named }) => {
    const found = named === undefined ? checkForUpdate(environment) : lookAt(environment, parseSpec(named));
    return { ok: true, ...(await found) };
  }),
  'releases.versions': entry({}, async ({ environment }) => {
    return { ok: true, ...(await publishedVersions(environment)) };
  }),
  'releases.skip': entry(
    { version, skip: flag },
    async ({ environment }, { version: named, skip = true }) => {
      if (named === undefined) throw refuse('version', ONE_VERSION, named);
      return { ok: true, skip: await skipVersion(environment.root, named, skip) };
    },
  ),
  'releases.remove': entry(RELEASE, async ({ environment }, { release }) => {
    if (release === undefined) throw refuse('release', 'the id of a release', release);
    const { root } = environment;
    const named = resolveReleaseName(root, release);
    const doing = `remove ${named}`;
    // No recovery: it may restart the gateway, and so end the caller.
    await exclusive(environment, { doing, recover: false }, () => pruneAll(root, planRemoval(root, named)));
    return { ok: true, release: named };
  }),
  'releases.prune': entry({ dryRun: flag }, async ({ environment }, { dryRun = false }) => {
    const { root } = environment;
    const prune = () => {
      const plan = planFullCollection(root);
      if (!dryRun) pruneAll(root, plan);
      return { ok: true, dryRun, ...plan };
    };
    // No recovery, as above.
    return dryRun ? prune() : exclusive(environment, { doing: 'prune', recover: false }, prune);
  }),
  /** Signals and returns at once: the owner undoes the steps, and `update.status` shows the progress. */
  'releases.cancel': entry({ change: id }, ({ environment }, { change }) => {
    return { ok: true, change: requestCancel(environment.root, 'gateway', change).id, phase: 'requested' };
  }),
} satisfies Partial<Entries>;
