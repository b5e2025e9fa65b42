import type { Endpoint } from './endpoint.js';
import { type Answer, ask as askWithNode } from './http.js';

/** One look at a gateway from outside; everything is false, null or empty for one that does not answer. */
export interface Health {
  /** Something spoke HTTP on the port, whatever it said. */
  answered: boolean;
  /** `/healthz` says 200: the process lives, no more. */
  live: boolean;
  /** `/readyz` says 200. */
  ready: boolean;
  /** What keeps it from being ready, by the names that `/readyz` gives: channels, plugins, steps of the start. */
  failing: string[];
  /** Differs when the gateway got on with its start; not by time alone. Null when it tells nothing. */
  phase: string | null;
  /** The version that it says it is. */
  version: string | null;
}

/** Says nothing of the start: load while it lasts, advice, and sentences that may hold measured numbers. */
const NOT_PROGRESS = new Set(['eventLoop', 'advisories', 'message']);

/**
 * Asks a gateway how it is, over the three health endpoints at once, without credentials; its version also over the
 * user interface's configuration, with the token, where `/startupz` does not tell it. Never throws.
 * @param timeoutMs for all of it together
 * @param asking how a page of it is asked for
 */
export async function sampleHealth(
  endpoint: Endpoint,
  timeoutMs = 2000,
  asking = askWithNode,
): Promise<Health> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const ask = (path: string, headers = {}) => asking(endpoint.url + path, headers, deadline.signal);
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
  } finally {
    clearTimeout(timer);
  }
}

/** What worked before and does not now: `live`, `ready`, and the names that `/readyz` did not complain of before. */
export function worsened(before: Health, after: Health): string[] {
  return [
    ...(before.live && !after.live ? ['live'] : []),
    ...(before.ready && !after.ready ? ['ready'] : []),
    ...after.failing.filter((name) => !before.failing.includes(name)),
  ];
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
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : [];
}
