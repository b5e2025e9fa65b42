import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import type { PluginApi } from '../../../src/plugin/api.js';
import { OWN_HEADER, refusal } from '../../../src/plugin/authorize.js';
import type { Scope } from '../../../src/rpc/methods.js';

/** Headers of the page of a gateway with a shared token when it requests a change. */
const PAGE: IncomingHttpHeaders = {
  [OWN_HEADER]: '1',
  'content-type': 'application/json; charset=utf-8',
  authorization: 'Bearer secret',
};

function ask(scope: Scope, headers: IncomingHttpHeaders, mode?: string): string | null {
  const api = { config: { gateway: { auth: { mode } } } } as PluginApi;
  const refused = refusal(api, { headers } as IncomingMessage, scope);
  if (refused) expect(refused).toMatchObject({ code: 'forbidden', untouched: 'Nothing was changed.' });
  return refused?.message ?? null;
}

const without = (name: string) =>
  Object.fromEntries(Object.entries(PAGE).filter(([header]) => header !== name));

test('the page of a gateway with a shared token or password may read and change', () => {
  for (const mode of [undefined, 'token', 'password']) expect(ask('operator.admin', PAGE, mode)).toBeNull();
  expect(ask('operator.read', { [OWN_HEADER]: '1' })).toBeNull();
});

test('a read without the header of the page is refused in every mode, so an image of another site starts nothing', () => {
  for (const mode of [undefined, 'password', 'trusted-proxy', 'none']) {
    expect(ask('operator.read', without(OWN_HEADER), mode)).toMatch(/did not come from the page/);
  }
});

test.each<[string, IncomingHttpHeaders, string | undefined, RegExp]>([
  ['without the header of the page', without(OWN_HEADER), undefined, /did not come from the page/],
  ['as a form of another page', { ...PAGE, 'content-type': 'text/plain' }, undefined, /did not come from/],
  ['without a content type', without('content-type'), undefined, /did not come from the page/],
  ['without the token', without('authorization'), undefined, /with the token of the gateway only/],
  ['with another kind of token', { ...PAGE, authorization: 'Basic x' }, 'password', /with the token/],
  ['where nobody is asked who they are', PAGE, 'none', /asks nobody who they are/],
  ['through a proxy that says nothing', PAGE, 'trusted-proxy', /needs operator\.admin/],
  [
    'through a proxy that allows less',
    { ...PAGE, 'x-openclaw-scopes': 'operator.read, operator.write' },
    'trusted-proxy',
    /needs operator\.admin/,
  ],
])('a change is refused %s', (_, headers, mode, message) => {
  expect(ask('operator.admin', headers, mode)).toMatch(message);
});

test('a proxy that names the scopes of a client decides what it may do', () => {
  const named = (scopes: string) => ({ ...PAGE, 'x-openclaw-scopes': scopes });
  expect(ask('operator.admin', named('operator.read, operator.admin'), 'trusted-proxy')).toBeNull();
  expect(ask('operator.read', named('operator.read'), 'trusted-proxy')).toBeNull();
  expect(ask('operator.read', named(''), 'trusted-proxy')).toBe('This needs operator.read.');
});
