import type { IncomingMessage } from 'node:http';
import type { ErrorRecord } from '../core/errors.js';
import type { Scope } from '../rpc/methods.js';
import type { PluginApi } from './api.js';

/** A header that a page of another origin can send only after a CORS preflight, which this gateway never grants. */
export const OWN_HEADER = 'x-openclaw-releases';

/**
 * Decides if a request that the gateway let through may do what it asks; returns the reason for refusing, or null.
 * A holder of the shared token is the operator; a proxy that authenticates people gives their scopes in
 * `x-openclaw-scopes`; without authentication a page changes nothing. Reading needs our header too: it costs a process.
 */
export function refusal(api: PluginApi, request: IncomingMessage, scope: Scope): ErrorRecord | null {
  const mode = api.config?.gateway?.auth?.mode ?? 'token';
  const scopes = scopesOf(request);
  const isShared = mode === 'token' || mode === 'password';
  const isOurs = request.headers[OWN_HEADER] !== undefined;
  if (!isOurs || (scope !== 'operator.read' && !isJson(request))) {
    return forbidden('This request did not come from the page of this gateway.');
  }
  if (scope === 'operator.read') return refusalToRead(request);
  if (isShared && !request.headers.authorization?.startsWith('Bearer ')) {
    return forbidden('Something is changed with the token of the gateway only.');
  }
  if (mode === 'none') {
    return forbidden('This gateway asks nobody who they are, so nothing is changed from a page.');
  }
  const may = scopes === null ? isShared : scopes.includes('operator.admin');
  return may ? null : forbidden('This needs operator.admin.');
}

/** The gateway has authenticated the request, and a proxy may have named its scopes. */
export function refusalToRead(request: IncomingMessage): ErrorRecord | null {
  const may = scopesOf(request)?.some((one) => one !== '') ?? true;
  return may ? null : forbidden('This needs operator.read.');
}

function scopesOf({ headers }: IncomingMessage): string[] | null {
  const given = headers['x-openclaw-scopes'];
  if (given === undefined) return null;
  return String(given)
    .split(',')
    .map((scope) => scope.trim());
}

function isJson({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.split(';')[0]?.trim() === 'application/json';
}

function forbidden(message: string): ErrorRecord {
  return {
    code: 'forbidden',
    message,
    untouched: 'Nothing was changed.',
    hint: 'openclaw-releases --help',
  };
}
