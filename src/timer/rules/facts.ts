import type { TimerStateFile } from '../../store/timer-state.js';
import type { YankedList } from '../../store/yanked.js';

export interface Published {
  version: string;
  /** ISO 8601; empty where the registry does not give it. */
  at: string;
  deprecated?: string | null;
}

export interface RegistryFacts {
  tags: Record<string, string>;
  versions: Published[];
  /** By this host's clock; ISO 8601. */
  askedAt: string;
  /** The `Date` header of the answer, by the registry's clock; ISO 8601. */
  saidAt?: string | null;
  /** Newest version that the channel ever named on this host. */
  newestSeen: string | null;
}

export interface HistoryEntry {
  id: string;
  kind: 'update' | 'rollback' | 'switch' | 'adopt' | (string & {});
  /** `gateway` is a person or an agent that used the gateway's `update.run`. */
  initiator: 'person' | 'gateway' | 'timer';
  from: string | null;
  to: string | null;
  /** A verdict such as `rolled_back`; `running` or empty before the verdict. */
  status: string;
  startedAt: string;
  endedAt: string | null;
}

export interface GatewayFacts {
  running: string | null;
  /** Time of the last verification; ISO 8601; null when it was never verified. */
  provenAt: string | null;
  restartsSince: number;
  restartedAt?: string | null;
  activeChange: string | null;
  healthy: boolean;
}

export interface PolicyFacts {
  pins: string[];
  /** `until` is ISO 8601; null holds until an operator lifts it. */
  hold: { until: string | null } | null;
  /** ISO 8601, by release. */
  quarantine: Record<string, { until: string; points: number }>;
  enabled: boolean;
  blockedBy: string[];
  /** Last `unhold`, which also resets the breaker; ISO 8601. */
  breakerResetAt?: string | null;
  /** Null where there is no list. */
  yanked?: YankedList | null;
}

/** Made by `readClock`. */
export type Clock = NonNullable<TimerStateFile['clock']>;

/** Plugins of OpenClaw that came in step with what runs, and that the registry does not have for this version yet. */
export interface CompanionFacts {
  version: string;
  missing: string[];
}
