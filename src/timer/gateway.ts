import { pluginFacts } from '../change/switch-facts.js';
import { type Change, isActive } from '../ledger/ledger.js';
import { runningRelease } from '../ledger/running-release.js';
import { reach } from '../openclaw/reach.js';
import { type AskRegistry, versionsBy } from '../registry/asking.js';
import { tellsOfRollback } from '../rollback/drills.js';
import type { Root } from '../store/root.js';
import type { SeenGateway } from '../store/timer-state.js';
import type { Inspection } from '../supervisor/supervisor.js';
import type { CompanionFacts, GatewayFacts, HistoryEntry } from './rules/facts.js';

/** Converts the ledger for the rules. Leaves out waits for a busy gateway and drills that tell nothing: no failures. */
export function historyOf(changes: Change[]): HistoryEntry[] {
  return changes
    .filter((change) => change.error?.code !== 'gateway_busy')
    .filter((change) => change.plan.kind !== 'drill' || tellsOfRollback(change))
    .map(({ id, plan, facts, status, startedAt, endedAt }) => ({
      ...{ id, kind: plan.kind, initiator: plan.initiator ?? 'person', from: facts.from, to: facts.to },
      ...{ status: status ?? 'running', startedAt, endedAt },
    }));
}

/** @param seen facts from the last run: supervisors only count unexpected restarts */
export async function gatewayFacts(
  root: Root,
  gateway: Inspection | null,
  changes: Change[],
  seen: SeenGateway | null,
  now: number,
): Promise<{ facts: GatewayFacts; seen: SeenGateway | null }> {
  const running = gateway && runningRelease(root, gateway);
  const health = gateway?.pid ? (await reach(gateway)).health : null;
  const looked = gateway && look(seen, running, gateway.restarts, now);
  return {
    facts: {
      running,
      provenAt: running === null ? null : provenAt(changes, running),
      restartsSince: looked ? looked.restarts - looked.first : 0,
      restartedAt: looked?.restartedAt ?? null,
      activeChange: changes.find(isActive)?.id ?? null,
      healthy: health?.ready ?? false,
    },
    seen: looked ?? seen,
  };
}

/** Asks for the plugins of OpenClaw that a host has; null where there are none, or their list cannot be read. */
export async function missingCompanions(
  root: Root,
  gateway: Inspection,
  version: string | null,
  ask: AskRegistry,
  signal?: AbortSignal,
): Promise<CompanionFacts | null> {
  const running = runningRelease(root, gateway);
  if (running === null || version === null) return null;
  const found = await pluginFacts(root, gateway, running, version, versionsBy(ask, signal), signal);
  const missing = found?.companions.filter(({ isPublished }) => isPublished === false) ?? [];
  return missing.length === 0 ? null : { version, missing: missing.map((one) => one.package) };
}

/** Starts counting again when the release differs or the supervisor was restarted (its counter is lower). */
function look(seen: SeenGateway | null, release: string | null, restarts: number, now: number): SeenGateway {
  if (seen === null || seen.release !== release || restarts < seen.restarts)
    return { release, first: restarts, restarts, restartedAt: null };
  const restartedAt = restarts > seen.restarts ? new Date(now).toISOString() : seen.restartedAt;
  return { ...seen, restarts, restartedAt };
}

/** Counts a switch without a restart (`package_updated_restart_scheduled`) as proof: the release runs now. */
function provenAt(changes: Change[], release: string): string | null {
  const proof = changes.findLast(({ status, facts }) => {
    if (status === 'package_updated_restart_verified' || status === 'package_updated_restart_scheduled')
      return facts.to === release;
    return status === 'rolled_back' && facts.from === release;
  });
  return proof?.endedAt ?? null;
}
