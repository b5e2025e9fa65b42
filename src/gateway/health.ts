import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { Endpoint } from './endpoint.js';

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

const BODY_LIMIT = 64 * 1024;

/** Says nothing of the start: load while it lasts, advice, and sentences that may hold measured numbers. */
const NOT_PROGRESS = new Set(['eventLoop', 'advisories', 'message']);

interface Answer {
  status: number;
  /** Neither found nor an answer: older versions serve their user interface for every path they do not know. */
  html: boolean;
  json: Record<string, unknown> | null;
}

/**
 * Asks a gateway how it is, over the three health endpoints at once, without credentials; its version also over the
 * user interface's configuration, with the token, where `/startupz` does not tell it. Never throws.
 * @param timeoutMs for all of it together
 */
export async function sampleHealth(endpoint: Endpoint, timeoutMs = 2000): Promise<Health> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const ask = (path: string, headers = {}) => request(endpoint.url + path, headers, deadline.signal);
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

/** Resolves with null for what did not answer in time, or not in HTTP. */
async function request(url: string, headers: object, signal: AbortSignal): Promise<Answer | null> {
  try {
    // No agent: a connection kept for later would keep the caller's process alive with it.
    const outgoing = get(url, { agent: false, headers: { accept: 'application/json', ...headers }, signal });
    // A second error, after the one that ended the wait, has nobody else to hear it.
    outgoing.on('error', () => {});
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const html = /^text\/html\b/i.test(response.headers['content-type'] ?? '');
    return { status: response.statusCode ?? 0, html, json: html ? drop(response) : await readJson(response) };
  } catch {
    return null;
  }
}

function drop(response: IncomingMessage): null {
  response.destroy();
  return null;
}

async function readJson(response: IncomingMessage): Promise<Record<string, unknown> | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > BODY_LIMIT) return drop(response);
      chunks.push(chunk);
    }
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
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
