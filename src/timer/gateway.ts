import { type Change, isActive, listChanges } from '../ledger/ledger.js';
import { runningRelease } from '../ledger/running-release.js';
import { findEndpoint } from '../openclaw/endpoint.js';
import { sampleHealth } from '../openclaw/health.js';
import type { Root } from '../store/root.js';
import type { SeenGateway } from '../store/timer-state.js';
import type { Inspection } from '../supervisor/supervisor.js';
import type { GatewayFacts, HistoryEntry } from './rules/facts.js';

/** What the ledger says to the timer's rules. Waiting for a gateway that is busy is no failure, so that is left out. */
export function historyOf(changes: Change[]): HistoryEntry[] {
  return changes
    .filter(({ error }) => error?.code !== 'gateway_busy')
    .map(({ id, plan, facts, status, startedAt, endedAt }) => ({
      ...{ id, kind: plan.kind, initiator: plan.initiator ?? 'person', from: facts.from, to: facts.to },
      ...{ status: status ?? 'running', startedAt, endedAt },
    }));
}

/**
 * What runs, and for how long that has been well.
 * @param seen at the last look; restarts that nobody asked for are only counted by supervisors
 */
export async function gatewayFacts(
  root: Root,
  gateway: Inspection | null,
  seen: SeenGateway | null,
  now: number,
): Promise<{ facts: GatewayFacts; seen: SeenGateway | null }> {
  const changes = listChanges(root);
  const running = gateway && runningRelease(root, gateway);
  const health = gateway?.pid ? await sampleHealth(findEndpoint(gateway.launch)) : null;
  const looked = gateway && look(seen, running, gateway.restarts, now);
  return {
    facts: {
      running,
      provenAt: running === null ? null : provenAt(changes, running),
      restartsSince: looked ? looked.restarts - looked.first : 0,
      restartedAt: looked?.restartedAt ?? null,
      changeUnderWay: changes.find(isActive)?.id ?? null,
      healthy: health?.ready ?? false,
    },
    seen: looked ?? seen,
  };
}

/** A supervisor that was started anew counts from the beginning. */
function look(seen: SeenGateway | null, release: string | null, restarts: number, now: number): SeenGateway {
  if (seen === null || seen.release !== release || restarts < seen.restarts)
    return { release, first: restarts, restarts, restartedAt: null };
  const restartedAt = restarts > seen.restarts ? new Date(now).toISOString() : seen.restartedAt;
  return { ...seen, restarts, restartedAt };
}

/**
 * Since when a release that runs is known to be well: since it was verified, or since one that failed went back to it. One
 * that was made current and left to the next start was never verified; it runs, since whoever asks has looked.
 */
function provenAt(changes: Change[], release: string): string | null {
  const proof = changes.findLast(({ status, facts }) => {
    if (status === 'package_updated_restart_verified' || status === 'package_updated_restart_scheduled')
      return facts.to === release;
    return status === 'rolled_back' && facts.from === release;
  });
  return proof?.endedAt ?? null;
}
