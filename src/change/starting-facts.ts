import { lstatSync } from 'node:fs';
import { unmetNeed } from '../adopt/sandbox.js';
import { unmetSentence } from '../adopt/sandbox-needs.js';
import { ReleasesError } from '../core/errors.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import type { Facts } from '../ledger/facts.js';
import type { Plan } from '../ledger/plan.js';
import { inspectIfThere, runningRelease } from '../ledger/running-release.js';
import { choosePair, decidePair, requireIntact } from '../rollback/plan.js';
import { knownDamage } from '../rollback/scrub.js';
import { findStatePlace } from '../state/place.js';
import { readRestore } from '../state/restore-records.js';
import { listSnapshots, type Snapshot } from '../state/snapshots.js';
import { requireUndamaged } from '../store/damage.js';
import { currentRelease, previousRelease } from '../store/links.js';
import { findManifest, readManifest } from '../store/manifest.js';
import { changeCommand } from '../store/pack-target.js';
import type { Root } from '../store/root.js';
import { runtimeFault } from '../store/runtimes.js';
import { refuseYanked } from '../store/yanked.js';
import type { Inspection } from '../supervisor/supervisor.js';
import { checkListener } from './port-holder.js';
import { reachBefore } from './reach-before.js';
import { requireOwnRoot, requireSameInstance } from './root-instance.js';

export async function startingFacts(environment: Environment, plan: Plan): Promise<Facts> {
  const { root } = environment;
  const staged = ['switch', 'rollback', 'drill'].includes(plan.kind);
  const target = staged ? readManifest(root, plan.target) : null;
  if (target && plan.kind === 'switch' && !plan.evenIfYanked)
    refuseYanked(root, target, changeCommand('switch', target.id));
  const to = target?.id ?? null;
  const supervisor = supervisorOf(environment, plan);
  const restarts = plan.steps.includes('restart');
  const gateway = restarts ? await supervisor.inspect() : await inspectIfThere(supervisor);
  await requireSameInstance(root, async () => gateway);
  if (gateway && plan.kind === 'adopt' && plan.unit) await requireOwnRoot(root, plan.unit, gateway);
  // Refuses before a minute of staging: with another process on the port, no health answer can be trusted.
  if (restarts && !plan.evictOrphan) {
    const { endpoint } = await reachBefore(supervisor, plan, environment.signal);
    await checkListener(endpoint, supervisor);
  }
  // A running release has started here; a release that only `current` names may never have started.
  const from = (gateway && runningRelease(root, gateway)) ?? existing(root, currentRelease(root));
  // Its own step finds what else is against it, so that the ledger has it.
  if (plan.kind === 'drill') return { from, previous: previousRelease(root), to };
  // A way back that cannot be started is none. Leaving such a release is what a rollback is for.
  for (const id of plan.kind === 'update' ? [from, to] : [to]) if (id !== null) requireNode(root, id);
  if (to !== null && plan.steps.includes('switch')) await refuseDamaged(root, to);
  const place = gateway && findStatePlace(gateway.launch);
  if (plan.steps.includes('switch')) refuseWhilePending(root);
  const chooses = to !== null && to !== from && plan.restoreFrom === undefined;
  const mayMigrate = plan.steps.includes('snapshot') && plan.snapshot !== false;
  const kept = chooses
    ? decidePair(await choosePair(root, place, { from, to, mayMigrate }), plan.state, to)
    : keptNamed(root, plan.restoreFrom);
  if (kept) requireIntact(root, kept);
  // By hand and with today's state, a rollback asks nothing of the launcher.
  if (gateway && restarts && plan.steps.includes('switch') && (plan.kind !== 'rollback' || kept))
    await refuseSandbox(gateway, root);
  return {
    ...{ from, previous: previousRelease(root), to },
    ...(place && { place }),
    ...(kept && { restore: { from: kept.name, at: kept.at } }),
  };
}

/** @throws ReleasesError `state_incompatible` where it is gone */
function keptNamed(root: Root, name: string | undefined): Snapshot | null {
  if (name === undefined) return null;
  const kept = listSnapshots(root).find((one) => one.name === name);
  if (kept) return kept;
  throw new ReleasesError('state_incompatible', `There is no states/${name} to restore.`, {
    hint: 'openclaw-releases list',
  });
}

/** A trial that the launcher cannot end would leave the gateway down. */
async function refuseSandbox(gateway: Inspection, root: Root): Promise<void> {
  const need = await unmetNeed(gateway, root.path);
  if (need === null) return;
  throw new ReleasesError('sandbox_forbids', unmetSentence("The gateway's unit", need, []), {
    hint: 'openclaw-releases adopt, which adds what is missing to the unit',
  });
}

/** Compares what a scrub found damaged once more. All others are not read: a rollback has no time for it. */
async function refuseDamaged(root: Root, id: string): Promise<void> {
  const found = Object.values(knownDamage(root)).some(({ releases }) => releases.includes(id));
  const manifest = found && findManifest(root, id);
  if (manifest) await requireUndamaged(root, manifest);
}

function requireNode(root: Root, id: string): void {
  const manifest = findManifest(root, id);
  const fault = manifest && runtimeFault(root, manifest);
  if (!fault) return;
  throw new ReleasesError('node_unavailable', `${id} cannot be started: ${fault}.`, {
    hint: 'openclaw-releases recover, which says why there is no other Node',
  });
}

/** Refuses while a restore waits for the next start: it names its own release and must come first. */
export function refuseWhilePending(root: Root): void {
  if (!lstatSync(root.restore, { throwIfNoEntry: false })) return;
  const { release = 'a release that cannot be told' } = readRestore(root) ?? {};
  throw new ReleasesError(
    'restore_pending',
    `The state of ${release} is restored at the next start of the gateway, which must come first.`,
    { hint: 'Start the gateway, then the same command again: openclaw-releases status' },
  );
}

function existing(root: Root, id: string | null): string | null {
  return id !== null && findManifest(root, id) ? id : null;
}
