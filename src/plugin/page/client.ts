import type { ErrorRecord } from '../../core/errors.js';

const STORED = 'openclaw-releases-token';

/** Thrown when the gateway is away or starting, or when another program answers. */
export class NoAnswer extends Error {}

/** Thrown when the gateway wants its token (HTTP 401). */
export class Unauthorized extends Error {}

/** Thrown when the gateway stays too busy for this request (HTTP 503 with Retry-After): nothing was begun. */
export class Busy extends NoAnswer {}

export class Refused extends Error {
  constructor(readonly record: ErrorRecord) {
    super(record.message);
  }
}

/** The gateway's token; moved from the address fragment (as in OpenClaw's own page) to the storage of this tab. */
export function token(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    sessionStorage.setItem(STORED, given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(STORED);
}

export function setToken(value: string | null): void {
  if (value === null) sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, value);
}

const QUICK_MS = 8_000;
const SLOW_MS = 90_000;

export const look = <T>(name: string, withinMs = QUICK_MS) => call<T>(name, { method: 'GET' }, withinMs);

export const order = <T>(name: string, params: object) =>
  call<T>(name, { method: 'POST', body: JSON.stringify(params) }, SLOW_MS);

/** Repeats a request that the gateway puts off, which is then not begun. */
async function call<T>(name: string, init: RequestInit, withinMs: number): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const answer = await send<T>(name, init, until - Date.now());
    if (!('retryMs' in answer)) return answer.document;
    if (Date.now() + answer.retryMs >= until) throw new Busy('busy');
    await new Promise((resolve) => setTimeout(resolve, answer.retryMs));
  }
}

async function send<T>(
  name: string,
  init: RequestInit,
  withinMs: number,
): Promise<{ document: T } | { retryMs: number }> {
  const known = token();
  const headers = {
    ...(known && { authorization: `Bearer ${known}` }),
    'x-openclaw-releases': 'page',
    ...(init.body ? { 'content-type': 'application/json' } : {}),
  };
  const options = { credentials: 'same-origin', redirect: 'error', cache: 'no-store' } as const;
  let response: Response;
  let document: unknown;
  try {
    const signal = AbortSignal.timeout(withinMs);
    response = await fetch(`/releases/api/${name}`, { ...init, ...options, headers, signal });
    document = await response.json();
  } catch (error) {
    throw new NoAnswer(String(error));
  }
  if (response.status === 401) throw new Unauthorized();
  const retryAfter = Number(response.headers.get('retry-after'));
  if (response.status === 503 && retryAfter > 0) return { retryMs: retryAfter * 1_000 };
  const { ok, error } = document as { ok?: boolean; error?: ErrorRecord };
  if (ok === false && error?.code) throw new Refused(error);
  // A gateway that is starting, or that lacks this plugin, sends a document of its own.
  if (!response.ok || ok === undefined) throw new NoAnswer(`HTTP ${response.status}`);
  return { document: document as T };
}

/** Readiness of the gateway itself; null when it does not say. */
export async function isReady(): Promise<boolean | null> {
  try {
    const options = { credentials: 'same-origin', redirect: 'error', cache: 'no-store' } as const;
    const { status, headers } = await fetch('/readyz', { ...options, signal: AbortSignal.timeout(QUICK_MS) });
    // A gateway without this endpoint answers with the document of its Control UI.
    if (!headers.get('content-type')?.includes('json')) return null;
    return status === 200 ? true : status === 503 ? false : null;
  } catch {
    return null;
  }
}
