import { compareVersions } from '../../src/core/version.js';
import type { Published, RegistryFacts } from '../../src/timer/rules/facts.js';
import type { Time } from './schedule-truth.js';

/** A release as the world knows it. True times, in milliseconds since 1970. */
export interface Release {
  version: string;
  at: number;
  /** Fails on this host, which rolls back. */
  bad: boolean;
  /** Count of attempts that fail before the gateway is touched. */
  flaky: number;
  /** Time at which its publisher says something against it, and time at which he removes it. */
  deprecatedAt: number | null;
  unpublishedAt: number | null;
}

/** A registry as a host sees it: what is published, deprecated and removed over time; `latest` is the newest good one. */
export class Registry {
  silent = false;
  #newestSeen: string | null = null;

  constructor(readonly releases: Release[]) {}

  find(version: string): Release {
    const release = this.releases.find((one) => one.version === version);
    if (!release) throw new Error(`${JSON.stringify(version)} was never published.`);
    return release;
  }

  newestAt(real: number): string | null {
    return this.releases.findLast(({ at }) => at <= real)?.version ?? null;
  }

  /** @param otherwise what `latest` names while nothing else is published */
  facts(time: Time, otherwise: string): RegistryFacts | null {
    if (this.silent) return null;
    const has = (when: number | null) => when !== null && when <= time.real;
    const versions = this.releases
      .filter(({ at, unpublishedAt }) => has(at) && !has(unpublishedAt))
      .map(({ version, at, deprecatedAt }): Published => {
        return { version, at: new Date(at).toISOString(), deprecated: has(deprecatedAt) ? 'Broken' : null };
      });
    const latest = versions.findLast(({ deprecated }) => !deprecated)?.version ?? otherwise;
    if (this.#newestSeen === null || compareVersions(latest, this.#newestSeen) > 0) this.#newestSeen = latest;
    return { tags: { latest }, versions, askedAt: time.stamp(), newestSeen: this.#newestSeen };
  }
}
