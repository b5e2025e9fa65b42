import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StatePlace } from '../../../src/state/place.js';
import { redactorFor } from '../../../src/state/secrets.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

function placeWith(files: Record<string, string>): StatePlace {
  return { directory: writeTree(temporaryDirectory('state'), files), config: null };
}

const NOTHING = placeWith.bind(null, {});

test.each([
  ['a named value', { API_KEY: 'abcdef123' }, 'abcdef123'],
  ['a named value of four characters', { SHORT_KEY: 'x9Zq' }, 'x9Zq'],
  ['a value without a telling name', { MY_PLAIN: 'plain-canary-1' }, 'plain-canary-1'],
  ['a password in an address', { DB_URL: 'postgres://u:P4ssw0rd@h/db' }, 'P4ssw0rd'],
  ['an encoded password in an address', { DB_URL: 'postgres://u:P%40ssw0rd@h/db' }, 'P@ssw0rd'],
  ['a user name that is a token', { REMOTE: 'https://t0k3n-of-it@h/x' }, 't0k3n-of-it'],
  ['a password among settings', { DSN: 'host=h password=P4ssw0rd;x=1' }, 'P4ssw0rd'],
  ['a value in JSON', { ACCOUNTS: '{"a":{"apiKey":"in-json-77"}}' }, 'in-json-77'],
  ['a line of a private key', { PEM: '-----BEGIN X-----\nMIIB+abc/def=\n-----END X-----' }, 'MIIB+abc/def='],
  ['a secret of OpenClaw', { OPENCLAW_GATEWAY_TOKEN: 'gw-token-1' }, 'gw-token-1'],
])('%s of the environment is taken out', (_what, env, secret) => {
  expect(redactorFor(NOTHING(), env as Record<string, string>)(`It says: ${secret}.`)).toBe('It says: ….');
});

test('secrets of the configuration, .env, credentials and profiles are taken out', () => {
  const place = placeWith({
    'openclaw.json': `{ // JSON5
      models: { providers: { one: { apiKey: 'of-a-provider', baseUrl: 'https://u:in-a-url@h/' } } },
      channels: { chat: { tokens: ['in-a-list', { deep: 'below-a-list' }] } },
      gateway: { auth: { mode: 'token', password: 'x9Zq' } },
    }`,
    '.env': 'PLAIN_ONE="of-dot-env"\nexport SOME_TOKEN=named-env\n',
    'credentials/oauth.json': '{"access":"of-oauth-1","nested":{"refresh":"of-oauth-2"}}',
    'credentials/deep/raw': 'of-a-plain-file\n',
    'agents/main/agent/auth-profiles.json': '{"profiles":{"a":{"key":"of-a-profile"}}}',
  });
  const redact = redactorFor(place, {});
  for (const secret of [
    ...['of-a-provider', 'in-a-url', 'in-a-list', 'below-a-list', 'x9Zq', 'of-dot-env', 'named-env'],
    ...['of-oauth-1', 'of-oauth-2', 'of-a-plain-file', 'of-a-profile'],
  ]) {
    expect(redact(`config ${secret} end`), secret).toBe('config … end');
  }
});

test('a configuration outside of the state is read, and the .env beside it', () => {
  const elsewhere = writeTree(temporaryDirectory('config'), {
    'c.json': '{"a":{"secret":"s3cr3t-a"}}',
    '.env': 'B=s3cr3t-b',
  });
  const redact = redactorFor({ ...NOTHING(), config: join(elsewhere, 'c.json') }, {});
  expect(redact('s3cr3t-a s3cr3t-b')).toBe('… …');
});

test('text stays readable: words of the host, of modes and of models, references, and parts of other words', () => {
  const place = placeWith({
    'openclaw.json': JSON.stringify({
      gateway: { auth: { mode: 'token', token: 'test' }, bind: 'loopback' },
      agents: { model: 'anthropic/claude-opus-4-6' },
      models: {
        apiKey: { source: 'env', provider: 'default', id: 'OPENAI_API_KEY' },
        other: { key: 'key1' },
      },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: OpenClaw fills it in
      more: { token: '${CHAT_TOKEN}' },
    }),
  });
  const env = {
    ...{ HOME: '/home/me', USER: 'claw', LANG: 'C.UTF-8', NODE_ENV: 'production', PORT: '18789' },
    ...{
      MODE: 'verbose',
      OPENCLAW_STATE_DIR: '/home/me/state-1',
      OPENCLAW_SYSTEMD_UNIT: 'openclaw-gateway.service',
    },
  };
  const text =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: OpenClaw fills it in
    'test: anthropic/claude-opus-4-6 of OPENAI_API_KEY and ${CHAT_TOKEN} in /home/me/state-1 on 18789 (production, verbose, monkey1, openclaw-gateway.service)';
  expect(redactorFor(place, env)(text)).toBe(text);
});

test('a secret is taken out as JSON, as part of an address, and where it is longer than another', () => {
  const redact = redactorFor(NOTHING(), {
    A_KEY: 'p"q\\r+s/t',
    B_KEY: 'p"q\\r+s/t-and-more',
    C_URL: 'http://me:pass word1@h/',
  });
  expect(redact(JSON.stringify({ a: 'p"q\\r+s/t' }))).toBe('{"a":"…"}');
  expect(redact(encodeURIComponent('p"q\\r+s/t'))).toBe('…');
  expect(redact('p"q\\r+s/t-and-more')).toBe('…');
});

test('what looks like a secret is taken out, and credentials of every address', () => {
  const redact = redactorFor(NOTHING(), {});
  expect(
    redact('Authorization: Bearer xyz.123456, #token=987654321 sk-proj-12345678 at http://a:b@h/?t=1'),
  ).toBe('Authorization: Bearer …, #token=… sk-… at http://h/');
});

test('a state that is not there, and files that are none, give no error', () => {
  const place = placeWith({ 'openclaw.json/x': '', 'credentials/broken.json': '{"half', '.env/y': '' });
  expect(redactorFor(place, {})('hello')).toBe('hello');
  expect(redactorFor({ directory: '/nowhere/at/all', config: null }, {})('hello')).toBe('hello');
});
