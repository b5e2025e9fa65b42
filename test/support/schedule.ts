import { readFileSync } from 'node:fs';
import type { Input } from '../../src/timer/rules/decision.js';
import type {
  GatewayFacts,
  HistoryEntry,
  PolicyFacts,
  Published,
  RegistryFacts,
} from '../../src/timer/rules/facts.js';
import { DEFAULTS, type Settings, type Window } from '../../src/timer/rules/settings.js';

export const NOW = '2026-11-21T12:00:00.000Z';

/** Differences from a host on which nothing is against an update from 2026.9.5 to 2026.9.6. */
export interface Differences {
  now?: string;
  settings?: Partial<Settings>;
  policy?: Partial<PolicyFacts>;
  clock?: Partial<Input['clock']>;
  registry?: Partial<RegistryFacts> | null;
  history?: Partial<HistoryEntry>[];
  gateway?: Partial<GatewayFacts>;
  companions?: Input['companions'];
  installId?: string;
}

export function situation(differences: Differences = {}): Input {
  const now = differences.now ?? NOW;
  const { registry } = differences;
  return {
    settings: { ...DEFAULTS, delayHours: 24, jitterHours: 0, minimumAgeHours: 12, ...differences.settings },
    policy: {
      pins: [],
      hold: null,
      quarantine: {},
      enabled: true,
      blockedBy: [],
      ...differences.policy,
    },
    clock: { now: Date.parse(now), lastRun: Date.parse(now) - 3_600_000, ...differences.clock },
    registry:
      registry === null
        ? null
        : {
            tags: { latest: '2026.9.6' },
            versions: published(['2026.9.4', '2026.9.5', '2026.9.6']),
            askedAt: now,
            newestSeen: null,
            ...registry,
          },
    history: (differences.history ?? []).map(entry),
    gateway: {
      running: '2026.9.5',
      provenAt: '2026-11-01T00:00:00.000Z',
      restartsSince: 0,
      activeChange: null,
      healthy: true,
      ...differences.gateway,
    },
    companions: differences.companions ?? null,
    installId: differences.installId ?? 'a-host',
  };
}

export function published(versions: string[], at = '2026-11-10T00:00:00.000Z'): Published[] {
  return versions.map((version) => ({ version, at }));
}

/** A verified update by the timer, long ago, unless it is said otherwise. */
function entry(given: Partial<HistoryEntry>, index: number): HistoryEntry {
  return {
    id: `change-${index}`,
    kind: 'update',
    initiator: 'timer',
    from: '2026.9.4',
    to: '2026.9.5',
    status: 'package_updated_restart_verified',
    startedAt: '2026-11-01T00:00:00.000Z',
    endedAt: given.startedAt ?? '2026-11-01T00:00:00.000Z',
    ...given,
  };
}

export function window(from: string, to: string, timeZone: string, days: Window['days'] = null): Window {
  return { days, from, to, timeZone };
}

/** Every version that was ever published, in no useful order. */
export function publishedVersions(): string[] {
  return JSON.parse(readFileSync(new URL('../fixtures/openclaw-versions.json', import.meta.url), 'utf8'));
}
