/** One version that the registry has. */
export interface Published {
  version: string;
  /** ISO 8601; empty where the registry does not say. */
  at: string;
  /** What the publisher says against it. */
  deprecated?: string | null;
}

/** What the registry answered. */
export interface RegistryFacts {
  /** dist-tags. */
  tags: Record<string, string>;
  versions: Published[];
  /** When it was asked, by the clock of this host; ISO 8601. */
  askedAt: string;
  /** The registry's own clock as it answered (its `Date`), where it said so; ISO 8601. */
  saidAt?: string | null;
  /** The newest version that the channel has ever named on this host. */
  newestSeen: string | null;
}

/** One change of the ledger; the history is all of them, in the order in which they were made. */
export interface HistoryEntry {
  id: string;
  kind: 'update' | 'rollback' | 'switch' | 'adopt' | (string & {});
  /** Who asked: `gateway` is a person, or an agent, by way of the gateway's `update.run`. */
  initiator: 'person' | 'gateway' | 'timer';
  /** Releases by their id. */
  from: string | null;
  to: string | null;
  /** A verdict such as `rolled_back`; `running` or empty while there is none. */
  status: string;
  /** ISO 8601. */
  startedAt: string;
  endedAt: string | null;
}

export interface GatewayFacts {
  /** The release that runs, by its id; null when none does. */
  running: string | null;
  /** When that release was verified last; ISO 8601; null when it never was. */
  provenAt: string | null;
  /** How often it was restarted since by itself or by the supervisor, not by a change. */
  restartsSince: number;
  /** When that happened last, where it is known; ISO 8601. */
  restartedAt?: string | null;
  /** The id of a change that goes on now. */
  changeUnderWay: string | null;
  healthy: boolean;
}

/** What people and failures have decided. */
export interface PolicyFacts {
  pins: string[];
  /** `until` is ISO 8601; null holds until a person lets go. */
  hold: { until: string | null } | null;
  /** By release; `until` is ISO 8601. */
  quarantine: Record<string, { until: string; points: number }>;
  enabled: boolean;
  /** What else switches automatic updates off here, each a whole sentence. */
  blockedBy: string[];
  /** When a person last typed `unhold`; ISO 8601. It also resets the breaker. */
  breakerResetAt?: string | null;
}

/** What the clock says and said; made by `readClock`, which takes the last one kept. All in milliseconds since 1970. */
export interface Clock {
  now: number;
  /** The latest time that any run here has seen before this one; null at the first. */
  lastRun: number | null;
  /** Since when, by this clock, it is behind `lastRun`; null when it is not. */
  behindSince?: number | null;
  /** What it said when it was last found to have been put back. */
  jumpedAt?: number | null;
}
