import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorRecord, ReleasesError, toErrorRecord } from '../core/errors.js';
import type { Caller } from '../rpc/documents.js';
import { isMethod, METHODS, type Method } from '../rpc/methods.js';
import type { PluginApi } from './api.js';
import { refusal, refusalToRead } from './authorize.js';
import { ask } from './cli-process.js';
import { OWN_METHODS } from './gateway-methods.js';
import { type Host, isNewLine } from './host.js';
import { RETRY_AFTER_S } from './looks.js';
import type { Shell } from './page-assets.js';
import { pictureOf } from './page-data.js';
import { registerTab, TAB, TAB_HEADERS, tabPage } from './tab.js';

const PAGE = '/releases';
const API = '/releases/api';

/** Bytes; the longest request holds a note and a session. */
const LONGEST = 64 * 1024;

const STATUS: Partial<Record<ErrorRecord['code'], number>> = {
  ...{ params_invalid: 400, usage: 400, spec_invalid: 400, forbidden: 403 },
  ...{ release_not_found: 404, change_not_found: 404, too_many_requests: 503, internal: 500 },
};

/**
 * Serves the page, which holds no data and needs no token, and the API below it, which the gateway guards:
 * `GET …/api/picture`, `GET …/api/tab` for a frame, `GET …/api/<method>` to read, `POST …/api/<method>` to change something.
 */
export function registerRoutes(api: PluginApi, host: Host, shell: Shell): void {
  api.registerHttpRoute({
    path: PAGE,
    auth: 'plugin',
    match: 'exact',
    async handler({ method }, response) {
      if (method !== 'GET' && method !== 'HEAD') {
        response.writeHead(405, { ...shell.headers, allow: 'GET, HEAD' });
        response.end();
        return true;
      }
      response.writeHead(200, { ...shell.headers, 'content-type': 'text/html; charset=utf-8' });
      response.end(method === 'HEAD' ? undefined : shell.html);
      return true;
    },
  });
  if (isNewLine(host)) registerTab(api, API);
  api.registerHttpRoute({
    path: API,
    auth: 'gateway',
    match: 'prefix',
    async handler(request, response) {
      try {
        if (isTab(request)) {
          check(refusalToRead(request));
          response.writeHead(200, TAB_HEADERS);
          response.end(tabPage(pictureOf(host, api.config)));
          return true;
        }
        send(response, 200, await answer(api, host, request, goneOf(response)));
      } catch (thrown) {
        const error = toErrorRecord(thrown);
        send(response, STATUS[error.code] ?? 409, { ok: false, error });
      }
      return true;
    },
  });
}

/** The frame of the tab cannot send our header; its page starts no process. */
function isTab({ method, url = '/' }: IncomingMessage): boolean {
  return method === 'GET' && new URL(url, 'http://gateway').pathname === `${API}/${TAB}`;
}

function goneOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.on('close', () => response.writableFinished || gone.abort());
  return gone.signal;
}

async function answer(
  api: PluginApi,
  host: Host,
  request: IncomingMessage,
  gone: AbortSignal,
): Promise<object> {
  const name = new URL(request.url ?? '/', 'http://gateway').pathname.slice(API.length + 1);
  const isLooking = request.method === 'GET';
  if (!isLooking && request.method !== 'POST') throw usage(`${request.method} is neither GET nor POST.`);
  if (name === 'picture' && isLooking) {
    check(refusal(api, request, 'operator.read'));
    return { ok: true, ...pictureOf(host, api.config) };
  }
  const method = `releases.${name}`;
  if (!isMethod(method) || !OWN_METHODS.includes(method)) throw usage(unknown(name));
  const { scope } = METHODS[method];
  if (isLooking && scope !== 'operator.read') throw usage(`${name} changes something: use POST.`);
  check(refusal(api, request, scope));
  const params = isLooking ? {} : await bodyOf(request);
  return unwrap(await ask(host, method, params, CALLERS[scope], gone));
}

/** The gateway and `refusal` have authorized the request by then. */
const CALLERS: Record<(typeof METHODS)[Method]['scope'], Caller> = {
  'operator.read': { scopes: ['operator.read'], name: 'page' },
  'operator.admin': { scopes: ['operator.admin'], name: 'page' },
};

function unwrap(reply: Awaited<ReturnType<typeof ask>>): object {
  if (reply.ok) return reply.payload;
  throw asError(reply.error);
}

function check(error: ErrorRecord | null): void {
  if (error) throw asError(error);
}

function asError({ code, message, ...rest }: ErrorRecord): ReleasesError {
  return new ReleasesError(code, message, rest);
}

function unknown(name: string): string {
  const known = OWN_METHODS.map((method) => method.slice('releases.'.length)).join(', ');
  return `There is no method ${JSON.stringify(name.slice(0, 60))}; there are picture, ${known}.`;
}

function usage(message: string): ReleasesError {
  return new ReleasesError('usage', message, {
    hint: 'openclaw-releases --help',
    untouched: 'Nothing was tried.',
  });
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST) throw usage(`The request is longer than ${LONGEST} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
  } catch {
    throw usage('The request is not JSON.');
  }
}

function send(response: ServerResponse, status: number, document: object): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 503 && { 'retry-after': String(RETRY_AFTER_S) }),
  });
  response.end(JSON.stringify(document));
}
