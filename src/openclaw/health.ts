import type { Door } from './endpoint.js';
import { type Answer, ask as askWithNode } from './http.js';

/** Result of one probe; all false, null or empty when the gateway does not answer. */
export interface Health {
  answered: boolean;
  /** `/healthz` returns 200: the process lives, no more. */
  live: boolean;
  ready: boolean;
  /** Names from `/readyz` that keep it from being ready: channels, plugins, steps of the start. */
  failing: string[];
  /** Changes when the start makes progress, not with time alone. Null when the gateway reports nothing. */
  phase: string | null;
  version: string | null;
}

/** Keys that show no progress of the start: load, advice, and sentences that may contain measured numbers. */
const NOT_PROGRESS = new Set(['eventLoop', 'advisories', 'message']);

/**
 * Probes the three health endpoints at once, without credentials. When `/startupz` has no version, reads it from the
 * configuration of the user interface, with the token. Never throws.
 * @param timeoutMs for all requests together
 */
export async function sampleHealth(endpoint: Door, timeoutMs = 2000, asking = askWithNode): Promise<Health> {
  // Not `performance`, which takes as long to load as a request.
  const startedAt = process.uptime();
  const leftMs = () => Math.max(1, Math.round(timeoutMs - (process.uptime() - startedAt) * 1000));
  const ask = (path: string, headers = {}) => asking(endpoint.url + path, headers, leftMs());
  const startup = ask('/startupz');
  const [healthz, readyz, startupz, version] = await Promise.all([
    ask('/healthz'),
    ask('/readyz'),
    startup,
    startup.then(async (answer) => {
      const told = text(answer?.json?.version);
      if (told !== null || answer === null || endpoint.token === null) return told;
      const headers = { authorization: `Bearer ${endpoint.token}` };
      const configuration = await ask('/__openclaw/control-ui-config.json', headers);
      return text(configuration?.json?.serverVersion);
    }),
  ]);
  return {
    answered: [healthz, readyz, startupz].some((answer) => answer !== null),
    live: isGood(healthz),
    ready: isGood(readyz) && readyz?.json?.ready !== false,
    failing: names(readyz?.json?.failing),
    phase: phaseOf(startupz, readyz),
    version,
  };
}

/** Characters; a longer one is no name of a check, and names are kept in records. */
const LONGEST_NAME = 80;

export function worsened(before: Health, after: Health): string[] {
  return [
    ...(before.live && !after.live ? ['live'] : []),
    ...(before.ready && !after.ready ? ['ready'] : []),
    ...after.failing.filter((name) => !before.failing.includes(name)),
  ];
}

/** Check in `/readyz` of a gateway that takes no new work. */
const DRAINING = 'gateway-draining';

/** Health of a gateway that drains for us, as if it did not. */
export function apartFromDrain(health: Health, wasReady: boolean): Health {
  const failing = health.failing.filter((name) => name !== DRAINING);
  return { ...health, failing, ready: health.ready || (wasReady && failing.length === 0) };
}

function isGood(answer: Answer | null): boolean {
  return answer !== null && answer.status === 200 && !answer.html;
}

function phaseOf(...answers: (Answer | null)[]): string | null {
  if (!answers.some((answer) => answer?.json)) return null;
  return JSON.stringify(
    answers.map((answer) => answer?.json ?? null),
    (key, value: unknown) => {
      if (NOT_PROGRESS.has(key) || typeof value === 'number' || isTime(value)) return undefined;
      return Array.isArray(value) ? value.filter((item) => item?.requirement !== 'advisory') : value;
    },
  );
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:/.test(value);
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function names(value: unknown): string[] {
  const all = Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : [];
  return all.map((name) => name.slice(0, LONGEST_NAME));
}
