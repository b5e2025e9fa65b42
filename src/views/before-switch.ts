import { beforeSwitch } from '../change/switch-facts.js';
import type { SwitchFinding } from '../change/switch-finding.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { askingRegistry, versionsBy } from '../registry/asking.js';
import type { SchemaVersions } from '../registry/package-json.js';
import { currentRelease } from '../store/links.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { expectedUpdate } from './expected-update.js';

/** Finds what a previewed change means for this host; nothing for a change that switches nothing. */
export async function findingsOf(environment: Environment, change: Change): Promise<SwitchFinding[]> {
  const { root, signal } = environment;
  const { to, resolved, runtime } = change.facts;
  if (to === null || !change.plan.steps.includes('switch')) return [];
  const here = findManifest(root, to);
  const { engines = null, schemas = null } = here ?? resolved ?? {};
  const expected = expectedUpdate(listChanges(root));
  const target = {
    ...{ to, engines },
    node: here ? ({ kind: 'root', version: here.runtime.version } as const) : (runtime ?? null),
    // Only an update begins on a state that it may migrate; the other way, `rollback` decides about the state.
    rollback: change.plan.kind === 'update' ? rollbackOf(root, schemas) : null,
    expected: expected && { ...expected, ms: change.plan.kind === 'update' ? expected.ms : null },
  };
  const gateway = await inspectIfThere(supervisorOf(environment, change.plan));
  const ask = versionsBy(askingRegistry(change.plan.registry ?? undefined), signal);
  return beforeSwitch(root, gateway, target, ask, signal);
}

/** @param then versions of the databases that the release declares; null where it declares none */
export function rollbackOf(
  root: Root,
  then: SchemaVersions | null,
): { needsState: boolean | null; why: string } | null {
  const current = currentRelease(root);
  if (current === null) return null;
  const now = findManifest(root, current)?.schemas ?? null;
  if (now === null || then === null)
    return { needsState: null, why: 'one of the two does not declare the versions of its databases' };
  const text = ({ state, agent }: SchemaVersions) => `state ${state}, agent ${agent}`;
  const needsState = now.state !== then.state || now.agent !== then.agent;
  const why = needsState ? `${text(now)} become ${text(then)}` : `both have ${text(now)}`;
  return { needsState, why };
}
