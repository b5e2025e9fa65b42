import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configuredEndpoint } from '../../../src/openclaw/endpoint.js';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'endpoint-'));
  mkdirSync(join(home, '.openclaw'));
});

afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function configure(text: string, path = '.openclaw/openclaw.json'): string {
  writeFileSync(join(home, path), text);
  return join(home, path);
}

/** Text that OpenClaw replaces by a variable of its environment. */
const reference = (name: string) => `\${${name}}`;

const find = (args: string[], env: Record<string, string> = {}) =>
  configuredEndpoint({ args, env: { HOME: home, ...env } });

describe('the port', () => {
  test('is 18789 when nothing says otherwise', () => {
    expect(find(['gateway'])).toMatchObject({ port: 18789, url: 'http://127.0.0.1:18789', token: null });
  });

  test.each([
    ['--port N', ['gateway', '--port', '4001'], 4001],
    ['--port=N', ['gateway', '--port=4002'], 4002],
    ['the last of several', ['--port=1', 'gateway', '--port', '4003'], 4003],
  ])('comes from %s before anything else', (_title, args, port) => {
    configure('{ gateway: { port: 4005 } }');
    expect(find(args, { OPENCLAW_GATEWAY_PORT: '4004' }).port).toBe(port);
  });

  test('comes from OPENCLAW_GATEWAY_PORT before the configuration', () => {
    configure('{ gateway: { port: 4005 } }');
    expect(find(['gateway'], { OPENCLAW_GATEWAY_PORT: '4004' })).toMatchObject({
      port: 4004,
      url: 'http://127.0.0.1:4004',
    });
  });

  test('comes from the configuration, which is JSON5', () => {
    configure("// mine\n{ gateway: { port: 4005, }, 'other': [], }");
    expect(find(['gateway']).port).toBe(4005);
  });

  test.each(['', 'abc', '0', '65536', '-1', '80.5', '1e3', reference('PORT')])(
    'is never %j, which is no port',
    (bad) => {
      configure(JSON.stringify({ gateway: { port: bad } }));
      expect(find(['gateway', '--port', bad], { OPENCLAW_GATEWAY_PORT: bad }).port).toBe(18789);
      expect(find(['gateway', '--port']).port).toBe(18789);
    },
  );
});

describe('the configuration', () => {
  test('is found by OPENCLAW_CONFIG_PATH, else in OPENCLAW_STATE_DIR, else in the home', () => {
    mkdirSync(join(home, 'state'));
    configure('{ gateway: { port: 1 } }');
    configure('{ gateway: { port: 2 } }', 'state/openclaw.json');
    const named = configure('{ gateway: { port: 3 } }', 'named.json5');
    const state = { OPENCLAW_STATE_DIR: join(home, 'state') };
    expect(find([]).port).toBe(1);
    expect(find([], state).port).toBe(2);
    expect(find([], { ...state, OPENCLAW_CONFIG_PATH: named }).port).toBe(3);
  });

  test.each([
    '',
    '{ gateway: ',
    'null',
    '[]',
    '"text"',
    '{ gateway: null }',
    '{ gateway: { port: {}, auth: 7 } }',
  ])('counts as not given when it says %j', (text) => {
    configure(text);
    expect(find([])).toMatchObject({ port: 18789, url: 'http://127.0.0.1:18789', token: null });
  });

  test('counts as not given when it cannot be read', () => {
    const path = configure('{ gateway: { port: 4005 } }');
    rmSync(path);
    mkdirSync(path);
    chmodSync(path, 0);
    expect(find([]).port).toBe(18789);
    chmodSync(path, 0o700);
  });
});

describe('a configuration in several files', () => {
  test('has the port, the address and the token of those it includes; the including file comes last', () => {
    mkdirSync(join(home, '.openclaw/parts'));
    configure(
      '{ port: 4006, bind: "custom", auth: { $include: "token.json5" } }',
      '.openclaw/parts/gateway.json5',
    );
    configure('{ token: "of a part" }', '.openclaw/parts/token.json5');
    configure('{ gateway: { $include: "./parts/gateway.json5", customBindHost: "127.0.0.9" } }');
    expect(find([])).toEqual({
      ...{
        address: '127.0.0.9',
        port: 4006,
        url: 'http://127.0.0.9:4006',
        token: 'of a part',
        listener: null,
      },
    });
    configure('{ $include: ["a.json", "b.json"], gateway: { auth: { token: "own" } } }');
    configure('{ "gateway": { "port": 1, "bind": "lan" } }', '.openclaw/a.json');
    configure('{ "gateway": { "port": 4007 } }', '.openclaw/b.json');
    expect(find([])).toMatchObject({ address: '0.0.0.0', port: 4007, token: 'own' });
  });

  test.each([
    ['includes itself', '{ $include: "openclaw.json", gateway: { port: 4008 } }'],
    ['includes what is not there', '{ $include: "gone.json", gateway: { port: 4008 } }'],
  ])('counts as not given when it %s', (_title, text) => {
    configure(text);
    expect(find([]).port).toBe(18789);
  });
});

describe('the address', () => {
  test.each([
    [{}, 'http://127.0.0.1:18789'],
    [{ bind: 'auto' }, 'http://127.0.0.1:18789'],
    [{ bind: 'lan' }, 'http://127.0.0.1:18789'],
    [{ bind: 'custom', customBindHost: '10.0.0.7' }, 'http://10.0.0.7:18789'],
    [{ bind: 'custom', customBindHost: reference('BIND_TO') }, 'http://10.0.0.8:18789'],
    [{ bind: 'custom' }, 'http://127.0.0.1:18789'],
    [{ tls: { enabled: true } }, 'https://127.0.0.1:18789'],
  ])('of a configuration with %j leads to %s', (gateway, url) => {
    configure(JSON.stringify({ gateway }));
    expect(find([], { BIND_TO: '10.0.0.8' }).url).toBe(url);
  });

  test('comes from --bind before the configuration', () => {
    configure('{ gateway: { bind: "custom", customBindHost: "10.0.0.7" } }');
    expect(find(['gateway', '--bind', 'loopback']).address).toBe('127.0.0.1');
  });
});

test('a profile has its own configuration, and --dev its own port', () => {
  mkdirSync(join(home, '.openclaw-work'));
  configure('{ gateway: { port: 4009 } }', '.openclaw-work/openclaw.json');
  expect(find(['--profile', 'work', 'gateway']).port).toBe(4009);
  expect(find([], { OPENCLAW_PROFILE: 'work' }).port).toBe(18789);
  expect(find(['--dev', 'gateway']).port).toBe(19001);
  expect(find([], { OPENCLAW_PROFILE: 'dev' }).port).toBe(18789);
});

describe('the token', () => {
  test('comes from the environment before the configuration', () => {
    configure('{ gateway: { auth: { token: "written" } } }');
    expect(find([], { OPENCLAW_GATEWAY_TOKEN: 'given' }).token).toBe('given');
    expect(find([], { OPENCLAW_GATEWAY_TOKEN: '' }).token).toBe('written');
    expect(find([]).token).toBe('written');
  });

  test.each([
    '""',
    `"${reference('TOKEN')}"`,
    `"a-${reference('TOKEN')}"`,
    '{ source: "env", id: "TOKEN" }',
    '7',
    'null',
  ])('is not known when the configuration only refers to it: %s', (written) => {
    configure(`{ gateway: { auth: { token: ${written} } } }`);
    expect(find([]).token).toBeNull();
  });
});
