import { DEFAULTS } from '../../src/timer/rules/settings.js';
import { Host } from '../support/schedule-host.js';
import type { Release } from '../support/schedule-registry.js';
import { HOUR } from '../support/schedule-truth.js';

const START = Date.parse('2026-01-05T00:00:00Z');

/** Restarts of one host for a release that is rolled back every time and is never taken back; run by run, by the real rules. */
export function stubbornRelease(days: number): Record<string, number> {
  return {
    'quarantine and breaker': attempts(days, () => {}),
    'the breaker alone': attempts(days, (host) => host.forgetFailures()),
    neither: attempts(days, (host) => {
      host.forgetFailures();
      host.happen({ kind: 'unhold' });
    }),
  };
}

function attempts(days: number, beforeEachRun: (host: Host) => void): number {
  const release: Release = {
    version: '2026.1.2',
    at: START,
    bad: true,
    flaky: 0,
    deprecatedAt: null,
    unpublishedAt: null,
  };
  const host = new Host(DEFAULTS, [release], '2026.1.1', START);
  for (let run = 0; run < days * 24; run++) {
    host.time.real += HOUR;
    beforeEachRun(host);
    host.run();
  }
  return host.applied.length;
}
